//! What each directive does: the setters, a list for each group of directives.

mod access;
mod autoindex;
mod cache;
mod cookie;
mod files;
mod geo;
mod gzip;
mod http;
mod http2;
mod limit;
mod listen;
mod location;
mod log;
mod main;
mod map;
mod proxy;
mod proxy_ssl;
mod real_ip;
mod referers;
mod resolver;
mod rewrite;
mod secure_link;
mod server;
mod ssl;
mod sticky;
mod sub;
mod tuning;
mod upstream;

use super::reader::Setter;
use crate::table::{self, Contexts};

/// Setters by the names of their directives.
type Setters = &'static [(&'static str, Setter)];

/// The setter of the directive of that name in that block.
pub(crate) fn find(name: &str, context: Contexts) -> Option<Setter> {
    let mut setters = of_block(context).iter().copied().flatten();
    setters.find(|(known, _)| *known == name).map(|(_, set)| *set)
}

/// The setters that apply in a block. `upstream` has its own: `server` and others mean something else there.
fn of_block(context: Contexts) -> &'static [Setters] {
    match context {
        table::UPSTREAM => &[upstream::UPSTREAM_SETTERS],
        _ => &[
            main::SETTERS,
            tuning::SETTERS,
            http::SETTERS,
            server::SETTERS,
            listen::SETTERS,
            location::SETTERS,
            files::SETTERS,
            autoindex::SETTERS,
            secure_link::SETTERS,
            gzip::SETTERS,
            sub::SETTERS,
            real_ip::SETTERS,
            referers::SETTERS,
            resolver::SETTERS,
            access::SETTERS,
            limit::SETTERS,
            rewrite::SETTERS,
            map::SETTERS,
            geo::SETTERS,
            log::SETTERS,
            proxy::SETTERS,
            proxy_ssl::SETTERS,
            cache::SETTERS,
            cookie::SETTERS,
            ssl::SETTERS,
            http2::SETTERS,
            upstream::SETTERS,
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names in the table for a block, and the names of its setters.
    fn names(blocks: Contexts) -> (Vec<&'static str>, Vec<&'static str>) {
        let context = 1 << blocks.trailing_zeros();
        let declared = table::commands().filter(|command| command.contexts & blocks != 0);
        let setters = of_block(context).iter().copied().flatten();
        // Files are included by the input itself.
        let declared = declared.map(|command| command.name).filter(|name| *name != "include");
        (declared.collect(), setters.map(|(name, _)| *name).collect())
    }

    #[test]
    fn the_table_and_the_setters_name_the_same_directives_once() {
        for blocks in [table::UPSTREAM, !table::UPSTREAM] {
            let (declared, setters) = names(blocks);
            let sets: [BTreeSet<&str>; 2] =
                [&declared, &setters].map(|names| names.iter().copied().collect());
            assert_eq!(sets[0], sets[1]);
            assert_eq!((declared.len(), setters.len()), (sets[0].len(), sets[0].len()));
        }
    }
}
