//! `proxy_cache_…`: answers of app servers that are kept.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, HTTP, LEVELS, command};

pub(super) const COMMANDS: &[Command] = &[
    command("proxy_cache_path", HTTP, AtLeast(2), "", "A cache, and its zone.")
        .note("Answers are kept in memory, not in the directory, at most 256 MiB of them and none of more than 16 MiB, until the program ends. `levels=`, `use_temp_path=`, `min_free=`, `loader_…=` and `manager_…=` are checked and have no effect."),
    command("proxy_cache", LEVELS, Take(1, 1), "off", "The zone of the cache that answers are kept in."),
    command("proxy_cache_key", LEVELS, Take(1, 1), "$scheme$proxy_host$request_uri", "What an answer is kept under."),
    command("proxy_cache_valid", LEVELS, AtLeast(1), "", "How long answers of these statuses are kept, where they do not say themselves; 200, 301 and 302 where none is named."),
    command("proxy_cache_bypass", LEVELS, AtLeast(1), "", "When the app server is asked in any case: if one of these is neither empty nor `0`."),
    command("proxy_no_cache", LEVELS, AtLeast(1), "", "When an answer is not kept, in the same way."),
    command("proxy_cache_use_stale", LEVELS, AtLeast(1), "off", "When an answer is given though it is too old."),
    command("proxy_cache_background_update", LEVELS, Flag, "off", "Whether an answer that is too old is given, and renewed after that."),
    command("proxy_cache_lock", LEVELS, Flag, "off", "Whether one request at a time fetches an answer that is not there, and the others wait for it."),
    command("proxy_cache_lock_timeout", LEVELS, Take(1, 1), "5s", "How long they wait."),
    command("proxy_cache_lock_age", LEVELS, Take(1, 1), "5s", "How long it may take before another one tries."),
    command("proxy_cache_min_uses", LEVELS, Take(1, 1), "1", "How often an answer must be asked for to be kept."),
    command("proxy_cache_methods", LEVELS, AtLeast(1), "GET HEAD", "Methods whose answers are kept."),
    command("proxy_cache_revalidate", LEVELS, Flag, "off", "Whether an app server is asked if an answer that is too old has changed."),
    command("proxy_cache_convert_head", LEVELS, Flag, "on", "Whether HEAD becomes GET, so that the whole answer is kept."),
    command("proxy_ignore_headers", LEVELS, AtLeast(1), "", "Fields of app servers' answers that are not acted on."),
];
