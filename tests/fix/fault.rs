//! A small site with one fault. Its mend is made, and the site then run by nginx itself, where one is installed.

use hopcheck_targets::target::InstalledNginx;

use crate::{Site, changed_lines, feature};

/// A fault: the feature that finds it, the server's own lines, the profile, and what the patch takes away and adds.
pub(crate) struct Fault {
    pub(crate) feature: &'static str,
    pub(crate) http: &'static str,
    pub(crate) server: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) options: &'static [&'static str],
    pub(crate) lines: &'static [&'static str],
}

pub(crate) const FAULT: Fault =
    Fault { feature: "any-api", http: "", server: "", profile: "", options: &[], lines: &[] };

impl Fault {
    fn conf(&self) -> String {
        format!("events {{ }}\nhttp {{\n{}\nserver {{\n    listen 80;\n{}\n}}\n}}\n", self.http, self.server)
    }

    /// The mend is found, is as it should be, and holds.
    pub(crate) fn is_mended(&self) {
        let conf = self.conf();
        let site = Site::of(&[("nginx.conf", conf.as_str()), ("hopcheck.toml", self.profile)]);
        let feature = feature(self.feature);
        let options = [&["--features", &feature, "--apply"], self.options].concat();
        let (code, told) = site.fix(&options);
        assert_eq!(code, Some(0), "{conf}\n{told:#}");
        assert_eq!(changed_lines(&told), self.lines, "{conf}\n{told:#}");
        assert_ne!(site.text("nginx.conf"), conf);
        if let Some(program) = InstalledNginx::locate() {
            let target = format!("nginx={}", program.display());
            let ran =
                site.hopcheck(&["run", "nginx.conf", "-q", "--features", &feature, "--target", &target]);
            assert!(ran.status.success(), "{}\n{}", site.text("nginx.conf"), crate::said(&ran));
        }
    }
}
