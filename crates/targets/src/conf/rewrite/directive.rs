//! What becomes of one directive: of what it says of this machine, others, or files.

use std::io;

use nginx_conf::edit::Edits;
use nginx_conf::syntax::{Directive, Word};

use super::Walker;
use crate::conf::effects::{Effect, effect_of, is_data, is_no_path};
use crate::conf::paths::place;
use crate::conf::words::quoted;

impl Walker<'_> {
    /// Rewrites a directive without its block.
    pub(super) fn rewrite_one(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        block: Option<&Directive>,
    ) -> io::Result<()> {
        let Some(first) = directive.args.first() else { return Ok(()) };
        let (value, span) = (first.text.as_str(), first.span.clone());
        let in_data = block.is_some_and(|block| is_data(&block.name.text));
        let name = directive.name.text.as_str();
        if in_data && name != "include" {
            return Ok(());
        }
        match (name, effect_of(name)) {
            // Workers that run as root are a fault to find, and that account always exists.
            ("user", _) if value == "root" && self.rewriter.user.is_some() => {}
            ("user", _) => match &self.rewriter.user {
                Some(user) => self.put(directive, edits, directive.args_span(), user.clone()),
                None => edits.blank(text, directive.span.clone()),
            },
            // Both engines are started with `daemon off`, which may be set only once.
            ("daemon", _) => edits.blank(text, directive.span.clone()),
            ("listen", _) => {
                if let Some(mistake) = nginx_conf::listen_mistake(value) {
                    self.mistaken(
                        directive,
                        &format!("{mistake} in \"{value}\" of the \"listen\" directive"),
                    );
                }
                let stand_in = self.listen(value)?;
                let is_tls =
                    directive.args.iter().any(|word| word.text == "ssl") || self.speaks_tls_at(value);
                if is_tls && !self.out.tls.contains(&stand_in) {
                    self.out.tls.push(stand_in);
                }
                self.put(directive, edits, span, stand_in.to_string());
                for word in directive.args.iter().filter(|word| word.text == "proxy_protocol") {
                    edits.blank(text, word.span.clone());
                }
            }
            ("server", _) if block.is_some_and(|block| block.is("upstream")) => {
                if let Some(mistake) = nginx_conf::server_mistake(value) {
                    self.mistaken(directive, &mistake);
                }
                let upstream = block.and_then(|block| block.arg(0)).unwrap_or_default();
                let stand_in = self.app_server_of(upstream, value)?;
                self.put(directive, edits, span, stand_in.to_string());
            }
            ("map_hash_bucket_size", _) => {
                let size = value.parse::<usize>().ok();
                let needed =
                    self.map_hash_bucket_size.filter(|needed| size.is_some_and(|size| size < *needed));
                needed.iter().for_each(|needed| self.put(directive, edits, span.clone(), needed.to_string()));
            }
            // No names are looked up: those of app servers have become addresses. nginx requires a resolver for `resolve`,
            // so it gets one that does not answer.
            ("resolver", _) if !self.resolves => {
                self.note(directive, "removed: app servers have addresses here");
                edits.blank(text, directive.span.clone());
            }
            ("resolver", _) => {
                let nobody = (self.reserve)("resolver")?;
                let is_kept = |word: &&Word| {
                    ["valid=", "ipv4=", "ipv6=", "status_zone="]
                        .iter()
                        .any(|known| word.text.starts_with(known))
                };
                let kept = directive.args.iter().filter(is_kept);
                let words: Vec<&str> = kept.map(|word| word.raw.as_str()).collect();
                let replacement = format!("{nobody} {}", words.join(" "));
                self.put(directive, edits, directive.args_span(), replacement.trim_end().to_owned());
            }
            // It would contact the CA that issued the certificate.
            ("ssl_stapling", _) => self.put(directive, edits, directive.args_span(), "off".into()),
            ("proxy_pass", _) => {
                if let Some(mistake) = nginx_conf::proxy_pass_mistake(value) {
                    self.mistaken(directive, &mistake);
                }
                self.proxy_pass(directive, edits)?;
            }
            ("allow", _) if self.rewriter.allowed_clients.is_some() => {
                self.note(directive, "and the clients of this run");
                let clients = self.rewriter.allowed_clients.iter();
                clients.for_each(|clients| edits.insert(directive.span.start, format!("allow {clients}; ")));
            }
            ("auth_basic_user_file", _) if !value.contains('$') => {
                let placed = place(self.rewriter.scratch.path(), value);
                self.put(directive, edits, span, quoted(&placed.display().to_string()));
                self.out.password_files.insert(placed);
            }
            ("proxy_redirect", _) => self.proxy_redirect(directive, edits)?,
            ("include", _) => self.include(directive, text, edits, block)?,
            (_, Some(Effect::Absent)) => {
                self.note(directive, "removed: it only exists on the real server");
                edits.blank(text, directive.span.clone());
            }
            (_, Some(Effect::OtherProtocol)) => {
                self.put(
                    directive,
                    edits,
                    directive.name.span.start..directive.args_span().end,
                    "return 503".into(),
                );
            }
            (_, Some(Effect::UpstreamTls)) => {
                self.note(
                    directive,
                    "removed: the app servers of this run have ciphers and certificates of their own",
                );
                edits.blank(text, directive.span.clone());
            }
            ("proxy_ssl_protocols", _) if directive.args.iter().all(|word| is_old_tls(&word.text)) => {
                self.note(directive, "removed: the app servers of this run speak TLSv1.2 and TLSv1.3");
                edits.blank(text, directive.span.clone());
            }
            // They ask for no certificate.
            (_, Some(Effect::Pem))
                if name.starts_with("proxy_ssl_") && (value.is_empty() || value.contains(['$', ':'])) =>
            {
                self.note(directive, "removed: the app servers of this run ask for no certificate");
                edits.blank(text, directive.span.clone());
            }
            (_, Some(Effect::Pem)) if !value.contains(['$', ':']) => {
                let placed = self.tls_file(name, value)?;
                self.put(directive, edits, span, placed);
            }
            (_, Some(Effect::Written)) if value.starts_with("syslog:") => {
                if let Some(mistake) = nginx_conf::syslog_mistake(value) {
                    self.mistaken(directive, &mistake);
                }
                self.put(directive, edits, span, self.place("/var/log/nginx/syslog"));
            }
            (_, Some(Effect::Read | Effect::Written)) if !is_no_path(name, value) => {
                let is_page = block.is_some_and(|block| {
                    block.is("location") && block.args.len() == 1 && block.arg(0) == Some("/")
                });
                if name == "root" && (self.out.front_end.is_none() || is_page) {
                    self.out.front_end = Some(value.to_owned());
                }
                let placed = self.log(name, value);
                self.put(directive, edits, span, placed);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether it is a version of TLS that nobody speaks any more.
fn is_old_tls(version: &str) -> bool {
    matches!(version, "SSLv2" | "SSLv3" | "TLSv1" | "TLSv1.1")
}
