//! `autoindex` and the directives that go with it: `ngx_http_autoindex_module`.

use crate::model::AutoindexFormat;
use crate::read::reader::Setter;
use crate::read::values::{flag, once, one_of};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("autoindex", |r, d| once(&mut r.settings().autoindex.on, d, flag)),
    ("autoindex_exact_size", |r, d| once(&mut r.settings().autoindex.exact_size, d, flag)),
    ("autoindex_localtime", |r, d| once(&mut r.settings().autoindex.local_time, d, flag)),
    ("autoindex_format", |r, d| once(&mut r.settings().autoindex.format, d, |d| one_of(d, FORMATS))),
];

const FORMATS: &[(&str, AutoindexFormat)] = &[
    ("html", AutoindexFormat::Html),
    ("json", AutoindexFormat::Json),
    ("jsonp", AutoindexFormat::Jsonp),
    ("xml", AutoindexFormat::Xml),
];
