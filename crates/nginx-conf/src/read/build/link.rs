//! Replaces provisional slots in every template and pattern by the variables they stand for.

use std::sync::Arc;

use crate::model::{
    CacheName, Condition, CookieName, Expires, Http, Op, Pattern, ProxyCache, Redirect, RedirectRule,
    Settings, Sticky, TryFilesFallback,
};
use crate::template::{Part, Template, Variable};

/// Replaces provisional slots by what `variables` says they are.
pub(super) fn link(http: &mut Http, variables: &[Variable]) {
    let linker = Linker { variables, slots: http.slots.len() };
    for location in &mut http.locations {
        location.rewrite.iter_mut().for_each(|op| linker.op(op));
        linker.settings(&mut location.settings);
        if let Some(tree) = &mut location.nested {
            tree.regex.iter_mut().for_each(|(pattern, _)| linker.pattern(pattern));
        }
    }
    for server in &mut http.servers {
        server.tree.regex.iter_mut().for_each(|(pattern, _)| linker.pattern(pattern));
    }
    for listen in &mut http.listen {
        listen.names.regex.iter_mut().for_each(|(pattern, _)| linker.pattern(pattern));
    }
    for format in &mut http.log_formats {
        linker.template(&mut format.template);
    }
    for zone in &mut http.limit_zones {
        linker.template(&mut zone.key);
    }
    for upstream in &mut http.upstreams {
        match &mut upstream.sticky {
            Some(Sticky::Cookie(cookie)) => {
                let texts = cookie.domain.iter_mut().chain(&mut cookie.path);
                texts.for_each(|text| linker.template(text));
            }
            Some(Sticky::Route(texts)) => texts.iter_mut().for_each(|text| linker.template(text)),
            Some(Sticky::Learn(learn)) => {
                learn.create.iter_mut().chain(&mut learn.lookup).for_each(|text| linker.template(text));
            }
            None => {}
        }
        upstream.hash_key.iter_mut().for_each(|key| linker.template(key));
    }
    for geo in &mut http.geos {
        geo.address.iter_mut().for_each(|address| linker.template(address));
    }
    for split in &mut http.splits {
        linker.template(&mut split.key);
    }
    for map in &mut http.maps {
        linker.template(&mut map.source);
        linker.template(&mut map.default);
        map.exact.values_mut().for_each(|value| linker.template(value));
        map.wildcards.leading.iter_mut().for_each(|(_, value)| linker.template(value));
        map.wildcards.trailing.iter_mut().for_each(|(_, value)| linker.template(value));
        for (pattern, value) in &mut map.regex {
            linker.pattern(pattern);
            linker.template(value);
        }
    }
}

struct Linker<'a> {
    variables: &'a [Variable],
    /// How many slots there are; those of maps follow.
    slots: usize,
}

impl Linker<'_> {
    fn op(&self, op: &mut Op) {
        match op {
            Op::Set { slot, value } => {
                self.slot(slot);
                self.template(value);
            }
            Op::SetArgs(value) | Op::SetLimitRate(value) => self.template(value),
            Op::If { condition, .. } => match condition {
                Condition::True(subject) => self.template(subject),
                Condition::Equal { left, right, .. } => {
                    self.template(left);
                    self.template(right);
                }
                Condition::File { path, .. } => self.template(path),
                Condition::Matches { subject, pattern, .. } => {
                    self.template(subject);
                    self.pattern(pattern);
                }
            },
            Op::Rewrite(rewrite) => {
                self.pattern(&mut rewrite.pattern);
                self.template(&mut rewrite.uri);
                rewrite.args.iter_mut().for_each(|args| self.template(args));
            }
            Op::Break => {}
            Op::Return { text, .. } => text.iter_mut().for_each(|text| self.template(text)),
        }
    }

    fn settings(&self, settings: &mut Settings) {
        self.template(&mut settings.root.path);
        settings.index.iter_mut().for_each(|file| self.template(file));
        if let Some(try_files) = &mut settings.try_files {
            try_files.files.iter_mut().for_each(|file| self.template(&mut file.path));
            if let TryFilesFallback::Uri(uri) = &mut try_files.last {
                self.template(uri);
            }
        }
        settings.error_page.iter_mut().for_each(|error| self.template(&mut error.page));
        if let Expires::Computed { value, .. } = &mut settings.expires {
            self.template(value);
        }
        let fields = settings.add_header.iter_mut().chain(&mut settings.add_trailer);
        fields.for_each(|field| self.template(&mut field.value));
        settings.auth_basic.iter_mut().for_each(|realm| self.template(realm));
        settings.auth_basic_user_file.iter_mut().for_each(|file| self.template(file));
        for (slot, value) in &mut settings.auth_request_set {
            self.slot(slot);
            self.template(value);
        }
        let rates = settings.limit_rate.iter_mut().chain(&mut settings.limit_rate_after);
        rates.for_each(|size| self.template(size));
        settings.early_hints.iter_mut().for_each(|text| self.template(text));
        let links = settings.secure_link.link.iter_mut().chain(&mut settings.secure_link.md5);
        links.for_each(|text| self.template(text));
        let charsets = settings.charset.name.iter_mut().chain(&mut settings.charset.source);
        charsets.for_each(|name| self.template(name));
        for rule in &mut settings.sub.rules {
            self.template(&mut rule.text);
            self.template(&mut rule.replacement);
        }
        if let Some(referers) = &mut settings.referers {
            let referers = Arc::make_mut(referers);
            let patterns = referers.server_names.iter_mut().chain(&mut referers.patterns);
            patterns.for_each(|pattern| self.pattern(pattern));
        }
        settings.gzip.disable.iter_mut().for_each(|pattern| self.pattern(pattern));
        settings
            .access_log
            .iter_mut()
            .filter_map(|log| log.condition.as_mut())
            .for_each(|text| self.template(text));
        if let Some(url) = settings.proxy_pass.as_mut().and_then(|pass| pass.computed.as_mut()) {
            self.template(url);
        }
        settings.proxy.ssl.name.iter_mut().for_each(|name| self.template(name));
        self.cache(&mut settings.proxy.cache);
        let set = settings.proxy.method.iter_mut().chain(&mut settings.proxy.set_body);
        set.for_each(|value| self.template(value));
        settings.proxy.set_header.iter_mut().for_each(|(_, value)| self.template(value));
        let cookies = settings.proxy.cookie_domain.iter_mut().chain(&mut settings.proxy.cookie_path);
        cookies.for_each(|rule| self.redirect(rule));
        for rule in &mut settings.proxy.cookie_flags {
            match &mut rule.name {
                CookieName::Exact(name) => self.template(name),
                CookieName::Regex(pattern) => self.pattern(pattern),
            }
            rule.flags.iter_mut().for_each(|flag| self.template(flag));
        }
        if let Redirect::Rules(rules) = &mut settings.proxy.redirect {
            rules.iter_mut().for_each(|rule| self.redirect(rule));
        }
    }

    fn cache(&self, cache: &mut ProxyCache) {
        if let Some(CacheName::Computed(name)) = &mut cache.zone {
            self.template(name);
        }
        let texts = cache.key.iter_mut().chain(&mut cache.bypass).chain(&mut cache.no_cache);
        texts.for_each(|text| self.template(text));
    }

    fn redirect(&self, rule: &mut RedirectRule) {
        match rule {
            RedirectRule::Prefix { from, to } => {
                self.template(from);
                self.template(to);
            }
            RedirectRule::Regex { pattern, to } => {
                self.pattern(pattern);
                self.template(to);
            }
        }
    }

    fn template(&self, template: &mut Template) {
        for part in &mut template.parts {
            if let Part::Variable(variable @ Variable::Slot(_)) = part
                && let Variable::Slot(number) = *variable
                && let Some(resolved) = self.variables.get(number)
            {
                *variable = resolved.clone();
            }
        }
    }

    fn pattern(&self, pattern: &mut Pattern) {
        pattern.named.iter_mut().for_each(|(_, slot)| self.slot(slot));
    }

    /// A name made by `set` or a capture is always a slot in the end.
    fn slot(&self, slot: &mut usize) {
        match self.variables.get(*slot) {
            Some(Variable::Slot(resolved)) => *slot = *resolved,
            Some(Variable::Map(index)) => *slot = self.slots + index,
            _ => {}
        }
    }
}
