//! A picture of a page, without what must not be seen in it.

use hopcheck_site::Mask;
use serde_json::{Value, json};

use crate::BrowserError;
use crate::gate::text;
use crate::page::Page;

/// The largest picture, in base64; one that is larger is taken again at half the size.
const MAX_LENGTH: usize = 2 << 20;

/// What of the page's texts is looked at: so many texts, of so many characters.
const MAX_TEXTS: usize = 5000;

/// Blanks what is typed where passwords are, and what a page calls a secret; collects all other texts that are shown. Roots within
/// elements and frames of the same origin are gone through, too. Other frames cannot be looked into: they are blanked.
const COLLECT: &str = r"(() => {
  const hide = element => {
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
  return texts.slice(0, MAX_TEXTS).map(text => text.get().slice(0, 2000));
})()";

/// Takes a picture of what a window shows of the page; `None` where that cannot be done.
pub(crate) async fn take(page: &Page, mask: &Mask) -> Option<String> {
    // A picture that might show a secret is none.
    conceal(page, mask).await.ok()?;
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

/// Takes what must not be seen out of the page.
async fn conceal(page: &Page, mask: &Mask) -> Result<(), BrowserError> {
    let world = page.world().await?;
    let collect = COLLECT.replace("MAX_TEXTS", &MAX_TEXTS.to_string());
    let texts = page.evaluate_apart(&world, &collect).await?;
    let masked = texts.as_array().into_iter().flatten().map(text).enumerate();
    let masked: Vec<Value> = masked
        .filter(|(_, shown)| mask.hides(shown))
        .map(|(place, shown)| json!([place, mask.text(shown)]))
        .collect();
    let replace = format!(
        "{}.forEach(([place, text]) => self.hopcheckTexts[place].set(text)); true",
        Value::from(masked)
    );
    page.evaluate_apart(&world, &replace).await.map(drop)
}
