//! Cross-origin requests as browsers make them, and what their answers must say.

use cucumber::{given, then, when};

use super::request_line;
use super::site::ask_apart;
use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_clients::{Request, Response};
use hopcheck_site::is_origin;
use hopcheck_targets::scene::TLS_BALANCER_HEADERS;

/// An origin that is not the site's own.
const ANY_ORIGIN: &str = "https://shop.example.test";

/// So many origins are tried at most.
const MAX_ORIGINS: usize = 64;

/// The headers of a preflight for a method and for headers that need one.
const PREFLIGHT: [(&str, &str); 2] = [
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "authorization,content-type"),
];

/// App servers add no `Access-Control-Allow-Origin`.
#[given(expr = "the app servers leave CORS to the proxy")]
async fn no_cors(world: &mut World) -> Checked {
    world.scene().await?.app_servers().into_iter().for_each(mock_upstreams::AppServer::disable_cors);
    Ok(())
}

/// Finds an origin whose pages the proxy lets read this path, among those that the configuration speaks of and another.
#[given(expr = "a page that the proxy lets read {string}")]
async fn page_that_may_read(world: &mut World, path: String) -> Checked {
    let of_the_file = world.scene().await?.stage().source.site.origins.clone();
    let mut origins: Vec<String> = std::iter::once(ANY_ORIGIN.to_owned()).chain(of_the_file).collect();
    let mut nth = 0;
    while let Some(origin) = origins.get(nth).cloned() {
        nth += 1;
        let mut request = Request::new("GET", &path);
        request.headers.push(("Origin".to_owned(), origin.clone()));
        let response = ask_apart(world, request).await?;
        let allowed = response.value("access-control-allow-origin").map(str::trim).unwrap_or_default();
        if response.status < 400 && (allowed == "*" || allowed == origin) {
            world.origin = Some(origin);
            return Ok(());
        }
        // Some say which one it is to everybody.
        if is_origin(allowed) && !origins.iter().any(|known| known == allowed) && nth < MAX_ORIGINS {
            origins.push(allowed.to_owned());
        }
    }
    Err(Failure::not_asked("no origin is known that the proxy does CORS for"))
}

/// The page asks by `fetch`, so that its origin is said.
#[when(expr = "the page sends {string}")]
async fn page_sends(world: &mut World, request: String) -> Checked {
    world.begin();
    let request = world.text(&request);
    let (method, target) = request_line(&request)?;
    let of_page = |world: &World, method: &str| {
        let mut request = Request::new(method, target);
        request.headers.extend(world.origin.clone().map(|origin| ("Origin".to_owned(), origin)));
        request
    };
    if !matches!(method, "GET" | "HEAD" | "POST") {
        let mut preflight = of_page(world, "OPTIONS");
        preflight.headers.push(("Access-Control-Request-Method".to_owned(), method.to_owned()));
        let response = ask_apart(world, preflight).await?;
        let methods = response.values("access-control-allow-methods").flat_map(|value| value.split(','));
        let allows = methods.map(str::trim).any(|allowed| allowed == method || allowed == "*");
        if !allows {
            return Err(Failure::not_asked(format!(
                "no browser sends {method}: the preflight does not allow it"
            )));
        }
    }
    let request = of_page(world, method);
    world.ask(request).await?;
    Ok(())
}

/// The page asks by `fetch` what makes its browser ask first.
#[when(expr = "the page has the browser ask {string} for a preflight")]
async fn page_asks(world: &mut World, path: String) -> Checked {
    world.begin();
    let mut request = Request::new("OPTIONS", &world.text(&path));
    request.headers.extend(world.origin.clone().map(|origin| ("Origin".to_owned(), origin)));
    request.headers.extend(PREFLIGHT.map(|(name, value)| (name.to_owned(), value.to_owned())));
    world.ask(request).await?;
    Ok(())
}

/// A page of the site asks by `fetch` what makes a browser ask first. Where the site sends its visitors on to https, the
/// page has come by that, and so does the preflight.
#[when(expr = "a page of the site has the browser ask {string} for a preflight")]
async fn preflight(world: &mut World, path: String) -> Checked {
    world.begin();
    let plain = |method: &str, target: &str| {
        let mut request = Request::new(method, target);
        request.headers.push(("X-Forwarded-Proto".to_owned(), "http".to_owned()));
        request
    };
    let path = world.text(&path);
    world.ask(plain("GET", "/")).await?;
    // One that fails may take its connection with it.
    world.connection = None;
    let home = world.response()?;
    let is_sent_on = (300..400).contains(&home.status)
        && home.value("location").is_some_and(|location| location.starts_with("https:"));
    let mut request = plain("OPTIONS", &path);
    if is_sent_on {
        request.headers =
            TLS_BALANCER_HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    }
    request.headers.push(("Origin".to_owned(), ANY_ORIGIN.to_owned()));
    request.headers.extend(PREFLIGHT.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let response = world.ask(request).await?;
    // To a page of another name, as for signing in, everybody is sent who has no session.
    let location = response.value("location").unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    if (300..400).contains(&response.status)
        && !location.split('?').next().unwrap_or_default().ends_with(name)
    {
        return Err(Failure::not_asked(format!("`OPTIONS {path}` is sent on to {location}")));
    }
    Ok(())
}

/// The latest response does not say `*` together with `Access-Control-Allow-Credentials: true`.
#[then(expr = "the response does not allow every origin to send credentials")]
async fn no_credentials_for_all(world: &mut World) -> Checked {
    let response = world.response()?;
    let for_all = response.values("access-control-allow-origin").any(|origin| origin.trim() == "*");
    let credentials =
        response.value("access-control-allow-credentials").is_some_and(|value| value.trim() == "true");
    ensure!(
        !(for_all && credentials),
        "the response has Access-Control-Allow-Origin: * and Access-Control-Allow-Credentials: true"
    );
    Ok(())
}

/// A page of an origin that nobody has heard of may not read the same with credentials.
#[then(expr = "no other origin is allowed to send credentials")]
async fn no_credentials_for_strangers(world: &mut World) -> Checked {
    const STRANGER: &str = "https://stranger.example.test";
    let mut other = world.request.clone().ok_or_else(|| Failure::new("nothing was asked"))?;
    other.headers.retain(|(name, _)| name != "Origin");
    other.headers.push(("Origin".to_owned(), STRANGER.to_owned()));
    let response = ask_apart(world, other).await?;
    let is_named = response.values("access-control-allow-origin").any(|origin| origin.trim() == STRANGER);
    let credentials =
        response.value("access-control-allow-credentials").is_some_and(|value| value.trim() == "true");
    ensure!(
        !(is_named && credentials),
        "{STRANGER} gets Access-Control-Allow-Origin: {STRANGER} and Access-Control-Allow-Credentials: true"
    );
    Ok(())
}

/// The latest response has `Vary: Origin` if it names an origin, and another is named for another page.
#[then(expr = "the response varies by origin, or is for every origin")]
async fn varies(world: &mut World) -> Checked {
    let allowed = |response: &Response| response.value("access-control-allow-origin").map(str::to_owned);
    let mut other = world.request.clone().ok_or_else(|| Failure::new("nothing was asked"))?;
    other.headers.retain(|(name, _)| name != "Origin");
    other.headers.push(("Origin".to_owned(), "https://other.example.test".to_owned()));
    let for_one = allowed(world.response()?);
    if allowed(&ask_apart(world, other).await?) == for_one {
        return Ok(());
    }
    let response = world.response()?;
    let named = response.values("access-control-allow-origin").find(|origin| origin.trim() != "*");
    let names = response.values("vary").flat_map(|value| value.split(','));
    let varies = names.map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case("origin"));
    if let Some(origin) = named {
        ensure!(varies, "the response is for {origin} alone, and has no Vary: Origin");
    }
    Ok(())
}

/// A page of an origin that the profile lets in asks by `fetch` for all that the profile lets it ask, with the most particular
/// method.
#[when(expr = "a page that the profile lets in has the browser ask {string} for a preflight")]
async fn preflight_of_profile(world: &mut World, path: String) -> Checked {
    world.begin();
    let origin = world.word("preflight.allow-origin").filter(|origin| *origin != "*").unwrap_or(ANY_ORIGIN);
    let is_simple = |method: &String| matches!(method.as_str(), "GET" | "HEAD" | "POST" | "OPTIONS");
    let mut methods = listed(world.word("preflight.allow-methods"));
    let method = methods.iter().position(|method| !is_simple(method)).map(|place| methods.remove(place));
    let mut headers = listed(world.word("preflight.allow-headers"));
    headers.iter_mut().for_each(|name| name.make_ascii_lowercase());
    headers.sort();
    let mut request = Request::new("OPTIONS", &world.text(&path))
        .header("Origin", origin)
        .header("Access-Control-Request-Method", &method.unwrap_or_else(|| "GET".to_owned()));
    if !headers.is_empty() {
        request = request.header("Access-Control-Request-Headers", &headers.join(","));
    }
    world.ask(request).await?;
    Ok(())
}

/// The preflight is answered as browsers want it: 200 to 299 (`ok status` of Fetch), with one allowed origin, which is the
/// page's or `*`, and with every method and header that the profile names.
#[then(expr = "the browser lets it ask what the profile says")]
async fn lets_ask(world: &mut World) -> Checked {
    let response = world.response()?;
    ensure!(
        (200..300).contains(&response.status),
        "the response is {}, and no browser goes on",
        response.status
    );
    let request = world.request.as_ref().ok_or_else(|| Failure::new("nothing was asked"))?;
    let origin = request.headers.iter().find(|(name, _)| name == "Origin").map(|(_, origin)| origin.as_str());
    let allowed: Vec<&str> = response.values("access-control-allow-origin").map(str::trim).collect();
    ensure!(
        matches!(allowed[..], [one] if one == "*" || Some(one) == origin),
        "the response has {} \"Access-Control-Allow-Origin\"{}, where {} must be one",
        allowed.len(),
        allowed.iter().map(|value| format!(" {value:?}")).collect::<String>(),
        origin.unwrap_or("*")
    );
    for (word, name) in [
        ("preflight.allow-methods", "Access-Control-Allow-Methods"),
        ("preflight.allow-headers", "Access-Control-Allow-Headers"),
    ] {
        let granted: Vec<String> = response.values(name).flat_map(|value| listed(Some(value))).collect();
        let is_granted = |wanted: &String| {
            // `*` does not cover Authorization (Fetch, CORS non-wildcard request-header name).
            let by_star =
                !wanted.eq_ignore_ascii_case("authorization") && granted.iter().any(|name| name == "*");
            by_star || granted.iter().any(|name| name.eq_ignore_ascii_case(wanted))
        };
        let lacking: Vec<String> =
            listed(world.word(word)).into_iter().filter(|wanted| !is_granted(wanted)).collect();
        ensure!(lacking.is_empty(), "{name} lacks {}: it is {:?}", lacking.join(", "), granted.join(", "));
    }
    Ok(())
}

/// The response allows no origin but this one, whatever page has asked; `*` is every origin.
#[then(expr = "the response lets in pages of {string} alone")]
async fn lets_in_alone(world: &mut World, origin: String) -> Checked {
    let origin = world.text(&origin);
    let other =
        world.response()?.values("access-control-allow-origin").map(str::trim).find(|one| *one != origin);
    ensure!(other.is_none(), "the response allows {}", other.unwrap_or_default());
    Ok(())
}

/// The items of a list, as headers have them (RFC 9110 §5.6.1).
fn listed(list: Option<&str>) -> Vec<String> {
    let items = list.unwrap_or_default().split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// The answer to the preflight is 200 to 299, as browsers ask (`ok status` of Fetch). One of the proxy's own allows an origin,
/// and does so once; what the app says is the app's business.
#[then(expr = "the proxy lets the preflight through")]
async fn lets_through(world: &mut World) -> Checked {
    let response = world.response()?;
    let status = response.status;
    ensure!((200..300).contains(&status), "the response is {status}");
    let origins = response.values("access-control-allow-origin").count();
    ensure!(
        origins == 1 || world.is_from_app_server(response),
        "the response has {origins} headers \"Access-Control-Allow-Origin\", not 1"
    );
    Ok(())
}

/// An answer of the proxy's own to the preflight, if it is 200 to 299, allows some origin or other.
#[then(expr = "a preflight that the proxy answers names an origin")]
async fn names_origin(world: &mut World) -> Checked {
    let response = world.response()?;
    let is_own = (200..300).contains(&response.status) && !world.is_from_app_server(response);
    let names_one = response.value("access-control-allow-origin").is_some();
    ensure!(
        !is_own || names_one,
        "the proxy itself answers {}, without Access-Control-Allow-Origin: browsers let no page ask",
        response.status
    );
    Ok(())
}
