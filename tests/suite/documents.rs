//! README and docs/ say all that they must, and no more than fits.

use std::fs;
use std::path::Path;

use whatlistens::model::GapKind;

use crate::tidy;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn the_readme_is_short_and_its_first_screen_fits() {
    let readme = text("README.md");
    assert!(readme.lines().count() <= 150, "{} lines: details go to docs/", readme.lines().count());
    for line in readme.lines().take(24) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn every_kind_of_gap_is_explained() {
    let gaps = text("docs/gaps.md");
    for kind in GapKind::ALL.map(GapKind::code) {
        assert!(gaps.contains(&format!("| `{kind}` |")), "{kind}");
    }
}

#[test]
fn the_tests_that_show_a_promise_exist() {
    let threats = text("docs/THREATS.md");
    let cited: Vec<(&str, &str)> = threats.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
    assert!(cited.len() > 20, "{cited:?}");
    let files = tidy::sources();
    for (module, test) in cited {
        let (file, folder) = (format!("/{module}.rs"), format!("/{module}/"));
        let is_in = |path: &str| path.ends_with(&file) || path.contains(&folder);
        let has_it = |text: &str| text.contains(&format!("fn {test}("));
        assert!(
            files.iter().any(|file| is_in(&file.path) && has_it(&file.text)),
            "docs/THREATS.md: there is no {module}::{test}"
        );
    }
}

/// The files that a document links to, without the part of them.
fn links(document: &str) -> Vec<&str> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = targets.map(|target| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains("://")).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut documents =
        ["README.md", "CONTRIBUTING.md", "data/README.md", "fuzz/README.md"].map(str::to_owned).to_vec();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        documents.push(format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    for document in documents {
        let (path, text) = (root().join(&document), text(&document));
        for link in links(&text) {
            assert!(path.parent().unwrap().join(link).exists(), "{document}: {link}");
        }
    }
}
