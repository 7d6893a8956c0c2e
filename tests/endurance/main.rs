//! What a proxy must live through: clients and app servers that are slow, many, or never done, and app servers that die all
//! the time. Each test is put to the reference proxy and to nginx. `docs/trust/endurance.md` has what is promised, and figures.

mod app_servers;
mod clients;
mod crowds;
mod faults;
mod load;
mod processes;
mod sessions;
mod site;
