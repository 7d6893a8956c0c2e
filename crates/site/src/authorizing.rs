//! Which service says who may come to a route.

use crate::authorization::Authorization;
use crate::location_chooser::LocationChooser;
use crate::route::Route;
use crate::uri::Uri;

/// Whether `route` is nothing but the way to this service.
pub(crate) fn is_way_to(service: &Authorization, route: &Route) -> bool {
    route.number == Some(service.location) && !route.open
}

/// The service that answers `uri`, the argument of `auth_request`, as far as the routes of its server tell. None if it is an app
/// server of `client`, whose faults would be those of the service, too.
pub(crate) fn find(
    uri: &str,
    client: &Route,
    routes: &[Route],
    chooser: &LocationChooser,
) -> Option<Authorization> {
    let path = uri.split('?').next().filter(|path| path.starts_with('/') && !path.contains('$'))?;
    let location = chooser.choose(path)?;
    let service = routes.iter().find(|route| route.number == Some(location))?;
    let destinations = service.destinations.clone().filter(|found| !found.is_empty())?;
    let own = client.destinations.as_ref().and_then(|own| own.first());
    if own.is_none() && client.kind.is_proxied() {
        return None;
    }
    let path = match service.uri? {
        Uri::Kept => path.to_owned(),
        Uri::Replaced => {
            let rest = service.to.split_once("://")?.1;
            let name = service.location.split_whitespace().last()?;
            format!("{}{}", &rest[rest.find('/')?..], path.strip_prefix(name)?)
        }
        Uri::Rewritten => return None,
    };
    let is_apart = own.is_none_or(|own| !destinations.contains(own));
    is_apart.then_some(Authorization { destinations, path, location })
}

#[cfg(test)]
mod tests {
    use crate::Site;

    fn asked(service: &str) -> Option<(Vec<String>, String)> {
        let text = format!(
            "http {{ server {{ {service} location /api/ {{ auth_request /auth; proxy_pass http://app:1; }} }} }}"
        );
        let site = Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap();
        let by = site.servers[0].route_of("/api/x").unwrap().authorization.clone()?;
        Some((by.destinations, by.path))
    }

    #[test]
    fn the_service_is_where_its_location_leads() {
        let who = |path: &str| Some((vec!["who:2".to_owned()], path.to_owned()));
        for (service, found) in [
            ("location = /auth { internal; proxy_pass http://who:2/verify; }", who("/verify")),
            ("location = /auth { proxy_pass http://who:2; }", who("/auth")),
            ("location /auth { proxy_pass http://who:2/api/v1; }", who("/api/v1")),
            ("location = /auth { proxy_pass http://who:2/$request_method; }", None),
            ("location = /auth { proxy_pass http://app:1/session; }", None),
            ("location = /auth { return 204; }", None),
            ("", None),
        ] {
            assert_eq!(asked(service), found, "{service}");
        }
    }
}
