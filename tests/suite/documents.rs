//! README and docs/ say all that they must, and no more than fits.

use std::fs;
use std::path::Path;

use whatlistens::model::{
    ApplicationKind, Check, Confidence, ConnectionState, GapKind, PortClass, PortRole, PortStatus,
    ProblemCode, Runtime, ServiceManager,
};

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

/// The names of the fields of a struct that is written as JSON, and of what it contains.
fn fields(source: &str) -> Vec<String> {
    let structs = source.split("#[derive(Serialize)]").skip(1).filter_map(|rest| rest.split("\n}").next());
    let lines = structs.flat_map(str::lines).filter(|line| line.starts_with("    ") && line.ends_with(','));
    let names = lines.filter_map(|line| line.trim().split_once(':').map(|(name, _)| name.to_owned()));
    names.collect()
}

#[test]
fn the_json_reference_names_every_field_and_value() {
    let reference = text("docs/json.md");
    let mut words = Vec::new();
    for source in [
        "src/render/json.rs",
        "src/render/json/asked.rs",
        "src/render/json/process.rs",
        "src/render/json/explanation.rs",
        "src/render/json/license_server.rs",
    ] {
        let found = fields(&text(source));
        assert!(found.len() > 15, "{source}: {found:?}");
        words.extend(found);
    }
    use {ApplicationKind as A, Confidence as C, PortRole as R, Runtime as U, ServiceManager as S};
    words.extend([S::Systemd, S::SystemdUser, S::Launchd, S::Windows].map(|it| it.code().to_owned()));
    words.extend([A::Snap, A::Flatpak, A::App].map(|it| it.code().to_owned()));
    words.extend([C::High, C::Medium, C::RegistryOnly].map(|it| it.code().to_owned()));
    words.extend(ProblemCode::ALL.map(|it| it.code().to_owned()));
    words.extend(Check::ALL.map(|it| it.code().to_owned()));
    words.extend(PortClass::ALL.map(|it| it.code().to_owned()));
    use {ConnectionState as N, PortStatus as P};
    let states =
        [N::Connected, N::Established, N::CloseWait, N::SynSent, N::SynRecv, N::FinWait1, N::FinWait2];
    words.extend(
        states.into_iter().chain([N::Closing, N::LastAck, N::TimeWait]).map(|it| it.code().to_owned()),
    );
    let statuses = [P::Listening, P::Bound, P::InUse, P::Reserved, P::Free, P::Unknown];
    words.extend(statuses.map(|it| it.code().to_owned()));
    let roles = [R::Server, R::VendorDaemon, R::Web, R::Admin, R::Discovery, R::Helper];
    words.extend(roles.map(|it| it.code().to_owned()));
    let runtimes = [U::Docker, U::Podman, U::Containerd, U::CriO, U::Kubernetes, U::Lxc, U::SystemdNspawn];
    words.extend(runtimes.map(|it| it.code().to_owned()));
    for word in words {
        assert!(reference.contains(&format!("`{word}`")), "docs/json.md says nothing of {word}");
    }
}

#[test]
fn every_kind_of_gap_is_explained() {
    let (gaps, reference) = (text("docs/gaps.md"), text("docs/json.md"));
    let kinds = [
        GapKind::SocketsUnreadable,
        GapKind::InterfacesUnreadable,
        GapKind::PacketRules,
        GapKind::SocketsHidden,
        GapKind::OwnerHidden,
        GapKind::HoldersHidden,
        GapKind::ProcessesUnreadable,
        GapKind::ProcessGone,
        GapKind::NamespacesHidden,
        GapKind::BoundSocketsHidden,
        GapKind::ConnectionsUnreadable,
        GapKind::ProcessesProtected,
        GapKind::ArgsUnreadable,
        GapKind::ServicesUnreadable,
        GapKind::PortRulesUnreadable,
        GapKind::LicenseSetupUnreadable,
        GapKind::TimedOut,
    ];
    for kind in kinds.map(GapKind::code) {
        assert!(
            gaps.contains(&format!("| `{kind}` |")) && reference.contains(&format!("`{kind}`")),
            "{kind}"
        );
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
