//! The license facts: wrong ones cannot land.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use whatlistens::knowledge::{Emulator, LicenseManager, Licenses, PortClaims, Technology};
use whatlistens::model::{Confidence, Os, PortRole, Protocol};

use crate::recorded::knowledge;
use crate::started::example;

fn licenses() -> &'static Licenses {
    knowledge().licenses()
}

fn assert_sorted<'a>(ids: impl Iterator<Item = &'a str>) {
    let ids: Vec<&str> = ids.collect();
    assert!(ids.is_sorted() && ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), "{ids:?}");
    for id in ids {
        let kebab = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(!id.is_empty() && id.bytes().all(kebab), "{id}");
    }
}

#[test]
fn everything_is_sorted_by_ids_in_kebab_case() {
    assert_sorted(licenses().managers.iter().map(|manager| manager.id.as_str()));
    assert_sorted(licenses().technologies.iter().map(|technology| technology.id.as_str()));
    assert_sorted(licenses().emulators.iter().map(|emulator| emulator.id.as_str()));
    assert_sorted(licenses().documents.iter().map(|document| document.key.as_str()));
    assert!(licenses().beliefs.is_sorted_by_key(|belief| belief.port));
}

#[test]
fn every_manager_says_what_it_is() {
    for manager in &licenses().managers {
        let id = &manager.id;
        assert!(manager.vendor.as_ref().is_none_or(|vendor| !vendor.trim().is_empty()), "{id}");
        assert!(!manager.product.is_empty() && manager.note.ends_with('.'), "{id}");
        assert!(!manager.ports.is_empty(), "{id}");
        for port in &manager.ports {
            assert!(!port.protocols.is_empty() && port.range.is_none_or(|range| range.first > 0), "{id}");
        }
        if let Some(technology) = &manager.technology {
            assert!(licenses().technologies.iter().any(|known| known.id == *technology), "{id}");
        } else {
            let untold = manager.healthy.is_none() || manager.safety.is_none();
            assert!(manager.confidence == Confidence::RegistryOnly || !untold, "{id}: healthy and safety");
        }
    }
    for Technology { id, servers, healthy, safety, .. } in &licenses().technologies {
        assert!(!servers.linux.is_empty() && healthy.ends_with('.') && safety.ends_with('.'), "{id}");
        let stand_for_it =
            |manager: &&LicenseManager| manager.any_vendor && manager.technology.as_ref() == Some(id);
        assert_eq!(licenses().managers.iter().filter(stand_for_it).count(), 1, "{id}");
    }
    for Emulator { id, emulates, executables, scripts, folders, .. } in &licenses().emulators {
        assert!(licenses().manager(emulates).is_some(), "{id}");
        assert!(!executables.are_empty() || !scripts.is_empty() || !folders.is_empty(), "{id}");
        let paths = folders.iter().any(|folder| folder.contains(['/', '\\']));
        assert!(!paths, "{id}: the name of a folder, not a path");
    }
}

/// Daemons of one name in two technologies: the server that started one, or its file, tells which it is.
const OF_TWO_TECHNOLOGIES: [&str; 1] = ["foundry"];

/// Every executable names one thing, unless several managers of one technology share a daemon.
#[test]
fn no_executable_is_two_things() {
    for os in Os::ALL {
        let own = |name: &str| -> Vec<&LicenseManager> {
            licenses().managers.iter().filter(|manager| manager.executables.have(name, os)).collect()
        };
        for technology in &licenses().technologies {
            for server in technology.servers.on(os) {
                assert!(own(server).is_empty(), "{server}");
            }
        }
        for manager in &licenses().managers {
            for name in manager.executables.on(os) {
                let is_shared = |other: &&LicenseManager| other.technology == manager.technology;
                let is_known = OF_TWO_TECHNOLOGIES.contains(&name.as_str());
                assert!(is_known || own(name).iter().all(is_shared), "{name}");
                assert!(!name.contains(['/', '\\']), "{name} is a path");
                assert_eq!(name.ends_with(".exe"), os == Os::Windows, "{name}");
            }
        }
    }
}

/// A mismatch says that another process would be right, so one must be known.
#[test]
fn where_a_process_can_be_wrong_one_is_known_to_be_right() {
    for manager in licenses().managers.iter().filter(|manager| manager.confidence > Confidence::RegistryOnly)
    {
        let known = Os::ALL.into_iter().any(|os| !licenses().expected(&[manager], os).is_empty());
        assert!(known || !manager.commands.is_empty(), "{}", manager.id);
    }
}

/// What a source is: the forms that `data/README.md` tells. One that leads nowhere is refused.
pub fn resolves(source: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{source:?}: {why}"));
    let weak = source.strip_prefix("configuration: ");
    if weak.is_some_and(|what| what.len() > 10) {
        return Ok(());
    }
    if let Some(rest) = source.strip_prefix('[') {
        let key = rest.split(']').next().unwrap_or_default();
        let known = licenses().documents.iter().any(|document| document.key == key);
        return if known { Ok(()) } else { wrong("no document has this key") };
    }
    if let Some(entry) = source.strip_prefix("IANA ") {
        let entry = entry.split(": ").next().unwrap_or_default();
        let Some((place, name)) = entry.split_once(' ') else { return wrong("no name") };
        let Some((port, protocol)) = place.split_once('/') else { return wrong("no protocol") };
        let port = port.parse().map_err(|_| format!("{source:?}: no port"))?;
        let named = knowledge()
            .registry
            .of_port(port)
            .any(|entry| entry.name == name && entry.protocol.unwrap_or("-") == protocol);
        return if named { Ok(()) } else { wrong("the registry has no such entry") };
    }
    if source.starts_with("https://") || source.starts_with("http://") {
        let url = source.split(": ").next().unwrap_or_default();
        let host = url.split('/').nth(2).unwrap_or_default();
        let whole = host.contains('.') && !url.contains(' ') && !url.contains("...");
        return if whole { Ok(()) } else { wrong("no whole address") };
    }
    if source.starts_with("github.com/") || source.starts_with("gist.github.com/") {
        let (repository, what) = source.split_once(": ").unwrap_or((source, ""));
        let named = repository.split('/').count() == 3 && !what.is_empty();
        return if named { Ok(()) } else { wrong("no repository and file") };
    }
    wrong("none of the forms of a source")
}

#[test]
fn every_source_resolves() {
    let licenses = licenses();
    // As they are written.
    let data: toml::Table = include_str!("../../data/licenses.toml").parse().unwrap();
    let managers = data["manager"].as_array().unwrap().iter().map(|manager| {
        let sources = manager["sources"].as_array().unwrap();
        (
            manager["id"].as_str().unwrap().to_owned(),
            sources.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        )
    });
    let all: Vec<(String, Vec<String>)> = managers.collect();
    let all = all.iter().map(|(id, sources)| (id, sources));
    let all = all.chain(licenses.technologies.iter().map(|technology| (&technology.id, &technology.sources)));
    let all = all.chain(licenses.emulators.iter().map(|emulator| (&emulator.id, &emulator.sources)));
    let all = all.chain(licenses.beliefs.iter().map(|belief| (&belief.claim, &belief.sources)));
    for (id, sources) in all {
        assert!(!sources.is_empty(), "{id}");
        for source in sources {
            assert_eq!(resolves(source), Ok(()), "{id}");
        }
    }
    for wrong in [
        "public configuration file",
        "IANA 1538/tcp 3d-lm",
        "IANA 1538/sctp 3ds-lm",
        "[no-guide] p. 1",
        "https://docs",
        "https://support.ptc.com/.../x.html",
        "github.com/owner: x",
        "github.com/owner/repo",
    ] {
        assert!(resolves(wrong).is_err(), "{wrong}");
    }
}

/// An unnamed configuration file is no source by itself: what rests on it alone, or on a registry entry
/// that names no process, is never sure.
#[test]
fn what_is_sure_has_a_named_source() {
    for manager in licenses().managers.iter().filter(|manager| manager.confidence == Confidence::High) {
        let named = |source: &&String| !source.starts_with("configuration: ") && !source.starts_with("IANA ");
        assert!(licenses().sources_of(manager).iter().any(|source| named(&source)), "{}", manager.id);
    }
}

#[test]
fn data_in_the_wrong_form_is_refused() {
    let good = include_str!("../../data/licenses.toml");
    for (from, to) in [
        ("port = \"1055\"", "port = \"1055-1050\""),
        ("port = \"dynamic\"", "port = \"any\""),
        ("protocols = [\"udp\"]", "protocols = [\"sctp\"]"),
        ("confidence = \"registry-only\"", "confidence = \"low\""),
        ("role = \"vendor-daemon\"", "role = \"daemon\""),
        ("vendor = \"Ansys\"", "vendr = \"Ansys\""),
        ("program = \"java\"", "program = \"perl\""),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(toml::from_str::<Licenses>(&good.replacen(from, to, 1)).is_err(), "{to}");
    }
}

/// Whether a stranger on a port of a manager may be called a mismatch follows from the facts alone.
#[test]
fn every_port_of_every_manager_knows_whose_it_is() {
    let mut by_default_alone = Vec::new();
    for manager in &licenses().managers {
        for port in &manager.ports {
            let Some(range) = port.range else { continue };
            for protocol in &port.protocols {
                let claims = PortClaims::of(range.first, Some(*protocol), licenses(), knowledge().registry);
                let reported = claims.managers_reported();
                let told = reported.iter().any(|known| known.id == manager.id);
                let covered = claims.managers.iter().any(|known| known.any_vendor);
                assert!(told || covered, "{} {range}/{protocol}", manager.id);
                if !claims.is_license_port() && port.role == PortRole::Server {
                    by_default_alone.push(format!("{range}/{protocol} {}", manager.id));
                }
            }
        }
    }
    // The registry gives these to others, or the system to any program: whoever else listens there is no mismatch.
    insta::assert_snapshot!(by_default_alone.join("\n"), @"
    3400-3401/tcp aimms
    2100/tcp amd-xilinx
    7070/tcp arm-ubl
    5280/tcp cadence
    1718/tcp comsol
    4085/tcp dsls
    2326-2330/udp enercalc
    2376-2380/tcp enercalc
    4101/tcp foundry
    41954/tcp gurobi
    7070/tcp hcl
    1515/tcp ibm-lum
    1515/udp ibm-lum
    6005/tcp infor-slm
    6005/udp infor-slm
    1702/tcp microchip-libero
    1688/tcp microsoft-kms
    1700/tcp nv5-idl
    7070/tcp nvidia-vgpu
    7070/tcp revenera-fne
    7001-7002/tcp sentinel-keys
    6001/udp sentinel-protection
    6001/tcp sentinel-protection
    4410/tcp siemens-alm
    1717/tcp siemens-eda
    1999/tcp siemens-starccm
    33333/tcp unigine
    ");
}

#[test]
fn the_brief_s_ports_have_their_managers() {
    for (port, protocol, id) in [
        (1538, Protocol::Tcp, "autodesk-3ds-lm"),
        (1493, Protocol::Tcp, "netmap-lm"),
        (27009, Protocol::Tcp, "flexnet"),
        (2080, Protocol::Tcp, "autodesk-nlm"),
        (1055, Protocol::Tcp, "ansys"),
        (7279, Protocol::Tcp, "citrix"),
        (5093, Protocol::Udp, "sentinel-rms"),
        (1947, Protocol::Tcp, "sentinel-ldk"),
        (1947, Protocol::Udp, "sentinel-ldk"),
        (5053, Protocol::Udp, "rlm"),
        (6200, Protocol::Udp, "lm-x"),
        (1714, Protocol::Tcp, "sidefx-hserver"),
        (1688, Protocol::Tcp, "microsoft-kms"),
    ] {
        let claims = PortClaims::of(port, Some(protocol), licenses(), knowledge().registry);
        let found: Vec<_> = claims.managers.iter().map(|manager| manager.id.as_str()).collect();
        assert_eq!(found, [id], "{port}/{protocol}");
    }
}

#[test]
fn the_readme_counts_them_right() {
    let (readme, verdicts) =
        (include_str!("../../README.md"), include_str!("../../docs/license-verdicts.md"));
    let known = format!("{} license managers are known", licenses().managers.len());
    assert!(readme.contains(&known) && verdicts.contains(&known), "{known}");
    let entries = knowledge().registry.entries().filter(|entry| entry.license.is_some());
    let places: BTreeSet<u16> = entries.map(|entry| entry.ports.first).collect();
    let unknown = places.iter().filter(|&&port| licenses().on_port(port, None).next().is_none()).count();
    assert!(verdicts.contains(&format!("Of {unknown} more ports only the registry says")), "{unknown}");
}

#[test]
fn the_table_in_the_readme_is_the_one_that_the_data_makes() {
    let readme = include_str!("../../data/README.md");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("README.md");
    fs::write(&copy, readme).unwrap();
    let status = Command::new(example("managers")).arg("--into").arg(&copy).status().unwrap();
    assert!(status.success());
    assert!(fs::read_to_string(copy).unwrap() == readme, "run: cargo run --example managers");
    for manager in &licenses().managers {
        assert!(readme.contains(&format!("| `{}` | ", manager.id)), "{}", manager.id);
    }
}
