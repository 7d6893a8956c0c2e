//! A picture of a page, without what must not be seen in it.

use hopcheck_site::Mask;
use serde_json::{Value, json};

use crate::BrowserError;
use crate::gate::text;
use crate::page::Page;

/// The largest picture, in base64; one that is larger is taken again at half the size.
const MAX_LENGTH: usize = 2 << 20;

/// So often a picture is taken of a page that writes its texts anew.
const MAX_ATTEMPTS: usize = 3;

/// So many of the page's texts are looked at; those behind them are taken out.
const MAX_TEXTS: usize = 5000;

/// Blanks what is typed where passwords are, and what a page calls a secret; collects all other texts that are shown. Roots within
/// elements and frames of the same origin are gone through, too. Other frames cannot be looked into: they are blanked.
const COLLECT: &str = r"(() => {
  let hidden = 0;
  const hide = element => {
    if (getComputedStyle(element).webkitTextFillColor !== 'rgba(0, 0, 0, 0)') hidden += 1;
    for (const [name, value] of [['color', 'transparent'], ['-webkit-text-fill-color', 'transparent'], ['text-shadow', 'none'],
                                 ['caret-color', 'transparent'], ['background', '#999']])
      element.style.setProperty(name, value, 'important');
  };
  const texts = [], secret = /passw|passcode|secret|token|api.?key|otp|one-time-code|cc-/i;
  const walk = root => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) walk(element.shadowRoot);
      if (element.tagName === 'IFRAME' || element.tagName === 'FRAME') {
        let inner = null;
        try { inner = element.contentDocument; } catch (error) { }
        if (inner) walk(inner); else element.style.setProperty('visibility', 'hidden', 'important');
      }
      if (element.matches('input, textarea')) {
        const about = [element.name, element.id, element.autocomplete, element.placeholder].join(' ');
        if (element.type === 'password' || secret.test(about)) hide(element);
        else if (element.value) texts.push({ get: () => element.value, set: value => { element.value = value; } });
      }
      for (const node of element.childNodes)
        if (node.nodeType === 3 && node.data.trim())
          texts.push({ get: () => node.data, set: value => { node.data = value; } });
    }
  };
  walk(document);
  self.hopcheckTexts = texts;
  for (const text of texts.slice(MAX_TEXTS)) text.set('');
  for (const text of texts) if (text.get().length > 2000) text.set(text.get().slice(0, 2000));
  return { hidden, texts: texts.slice(0, MAX_TEXTS).map(text => text.get()) };
})()";

/// Takes a picture of what a window shows of the page; `None` where that cannot be done.
pub(crate) async fn take(page: &Page, mask: &Mask) -> Option<String> {
    let world = page.world().await.ok()?;
    for _ in 0..MAX_ATTEMPTS {
        conceal(page, &world, mask).await.ok()?;
        let picture = capture(page).await?;
        // A picture that might show a secret is none: a page may write its texts anew at any time.
        if !conceal(page, &world, mask).await.ok()? {
            return Some(picture);
        }
    }
    None
}

async fn capture(page: &Page) -> Option<String> {
    for scale in [1.0, 0.5] {
        let clip = json!({"x": 0, "y": 0, "width": 1280, "height": 800, "scale": scale});
        let taken = page.call("Page.captureScreenshot", json!({"format": "png", "clip": clip})).await.ok()?;
        let picture = text(&taken["data"]);
        if !picture.is_empty() && picture.len() <= MAX_LENGTH {
            return Some(picture.to_owned());
        }
    }
    None
}

/// Takes what must not be seen out of the page; whether there was something.
async fn conceal(page: &Page, world: &Value, mask: &Mask) -> Result<bool, BrowserError> {
    let collect = COLLECT.replace("MAX_TEXTS", &MAX_TEXTS.to_string());
    let found = page.evaluate_apart(world, &collect).await?;
    let texts = found["texts"].as_array().into_iter().flatten().map(text).enumerate();
    let masked: Vec<Value> = texts
        .filter(|(_, shown)| mask.hides(shown))
        .map(|(place, shown)| json!([place, mask.text(shown)]))
        .collect();
    let is_any = !masked.is_empty() || found["hidden"] != 0;
    let masked = Value::from(masked);
    let replace = format!("{masked}.forEach(([place, text]) => self.hopcheckTexts[place].set(text)); true");
    page.evaluate_apart(world, &replace).await?;
    Ok(is_any)
}
