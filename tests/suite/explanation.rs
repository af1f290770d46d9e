//! `explain`: what is known about a port or a name, on whatever machine.

use std::collections::BTreeSet;
use std::{io, slice};

use whatlistens::cli::{Color, GlobalArgs};
use whatlistens::knowledge::explain::{Topic, explain};
use whatlistens::model::{Explanation, PortRange};
use whatlistens::os::DEADLINE;
use whatlistens::query::{Environment, Output};
use whatlistens::render::{self, Answer, Format, Signs};

use crate::recorded::knowledge;
use crate::started::whatlistens;

fn explained(topic: &Topic, asked: &str) -> Explanation {
    explain(asked, topic, knowledge())
}

fn of_port(port: u16) -> Explanation {
    explained(&Topic::Ports(PortRange::one(port), None), &port.to_string())
}

fn of_name(word: &str) -> Explanation {
    explained(&Topic::Name(word.to_owned()), word)
}

fn ids(explanation: &Explanation) -> Vec<&str> {
    explanation.managers.iter().map(|manager| manager.id.as_str()).collect()
}

fn printed(explanation: Explanation) -> String {
    let mut out = Vec::new();
    let style = Output::new(
        &GlobalArgs { output: None, json: false, from: None, color: Color::Never, deadline: DEADLINE },
        &Environment::plain(),
    )
    .unwrap()
    .style;
    let answer = Answer::Explanations(slice::from_ref(&explanation));
    render::write(answer, Format::Text, &style, &mut out, &mut io::sink()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_manager_and_emulator_is_explained_by_its_id_and_by_its_executables() {
    let licenses = knowledge().licenses();
    for manager in &licenses.managers {
        let own = of_name(&manager.id);
        assert!(ids(&own).contains(&manager.id.as_str()), "{}", manager.id);
        let page = printed(own);
        for word in ["Note ", "Healthy ", "Safety ", "Certainty ", "Source "] {
            assert!(page.contains(word), "{}: {word}", manager.id);
        }
        assert!(page.lines().all(|line| line.chars().count() <= 100 || line.contains("://")), "{page}");
        for names in [&manager.executables.linux, &manager.executables.windows, &manager.executables.macos] {
            for name in names {
                assert!(ids(&of_name(name)).contains(&manager.id.as_str()), "{name}");
            }
        }
    }
    for emulator in &licenses.emulators {
        assert_eq!(of_name(&emulator.id).emulators[0].id, emulator.id);
    }
}

#[test]
fn every_port_of_a_license_manager_is_explained() {
    let entries = knowledge().registry.entries().filter(|entry| entry.license.is_some());
    let ports: BTreeSet<u16> = entries.map(|entry| entry.ports.first).collect();
    assert_eq!(ports.len(), 213);
    for port in ports {
        let explanation = of_port(port);
        assert!(!explanation.managers.is_empty(), "{port}");
        assert!(explanation.services.iter().any(|service| service.license), "{port}");
    }
}

#[test]
fn a_name_may_be_a_service_a_process_a_technology_or_a_vendor() {
    assert_eq!(ids(&of_name("flex-lm"))[0], "flexnet");
    assert_eq!(ids(&of_name("FLEX-LM"))[0], "flexnet");
    assert_eq!(ids(&of_name("lmgrd")), ["flexnet"]);
    assert_eq!(ids(&of_name("lmgrd.exe")), ["flexnet"]);
    assert_eq!(ids(&of_name("lmgrd.intel")), ["flexnet"]);
    assert_eq!(ids(&of_name("adskflex")), ["autodesk-3ds-lm", "autodesk-nlm"]);
    assert_eq!(ids(&of_name("hasplms")), ["sentinel-ldk"]);
    assert_eq!(ids(&of_name("CodeMeter")), ["codemeter"]);
    assert_eq!(
        ids(&of_name("autodesk")),
        ["autodesk-3ds-lm", "autodesk-arnold", "autodesk-lm", "autodesk-nlm"]
    );
    assert_eq!(ids(&of_name("golden software")), ["golden-software"]);
    assert_eq!(of_name("pykms_Server.py").emulators[0].id, "py-kms");
    assert_eq!(of_name("SolidSQUAD_License_Servers").emulators[0].id, "solidsquad");
    assert!(of_name("auto").is_empty() && of_name("").is_empty());
    assert_eq!(ids(&of_name("kms")), ["microsoft-kms"]);
    assert_eq!(ids(&of_name("AutoCAD")), ["autodesk-nlm"]);
    assert_eq!(ids(&of_name("flexera")), ["flexnet"]);
    // The service of another vendor does not hide the license managers of that name.
    let sentinel = of_name("sentinel");
    assert!(sentinel.services[0].ports.contains(3588) && sentinel.managers.is_empty());
    assert!(sentinel.others.iter().any(|(id, _)| id == "sentinel-ldk"), "{:?}", sentinel.others);
    // If many share a word, only their names are given.
    let dongles = of_name("dongle");
    assert!(dongles.managers.is_empty() || dongles.managers.len() <= 4, "{:?}", ids(&dongles));
    assert!(of_name("license server").managers.is_empty() && of_name("license server").others.len() > 20);
    // 27005 is FlexNet's, and not Helix QAC's, which uses 27000 alone.
    assert_eq!(ids(&of_port(27000)), ["flexnet", "perforce-qac"]);
    assert_eq!(ids(&of_port(27005)), ["flexnet"]);
    assert!(of_name("lmgrd").others.iter().any(|(id, _)| id == "autodesk-nlm"));
}

#[test]
fn protocol_decides_whom_a_port_is_explained_by() {
    let of = |protocol| {
        let range = PortRange::one(5093);
        explained(&Topic::Ports(range, Some(protocol)), "5093")
    };
    assert_eq!(ids(&of(whatlistens::model::Protocol::Udp)), ["sentinel-rms"]);
    assert_eq!(ids(&of(whatlistens::model::Protocol::Tcp)), ["iana-sentinel-lm"]);
}

#[test]
fn common_beliefs_are_set_right() {
    for (port, word) in
        [(1055, "Ansys"), (1493, "netmap_lm"), (1538, "27000-27009"), (2080, "adskflex"), (7279, "Citrix")]
    {
        let beliefs = of_port(port).beliefs;
        assert!(beliefs.iter().any(|belief| belief.fact.contains(word)), "{port}: {beliefs:?}");
    }
    assert!(of_port(1947).beliefs.is_empty());
    // By the name of the manager, too.
    assert_eq!(of_name("citrix").beliefs.len(), 1);
}

#[test]
fn a_port_of_nobody_and_one_of_somebody_else() {
    let across = explained(&Topic::Ports(PortRange { first: 1022, last: 1025 }, None), "1022-1025");
    assert!(printed(across).starts_with("1022-1025  system and registered ports\n"));
    insta::assert_snapshot!(printed(of_port(50000)), @"
    50000  dynamic port
    IANA never assigns ports from 49152 up. Programs use them for a while, such as servers that let the
    system choose a port, so the number does not show which program uses it.

    Registry     no service assigned
    ");
    insta::assert_snapshot!(printed(of_port(55555)), @r"
    55555  dynamic port
    IANA never assigns ports from 49152 up. Programs use them for a while, such as servers that let the
    system choose a port, so the number does not show which program uses it.
    On macOS only a program with an entitlement from Apple (lights-out management) can open TCP port
    55555.

    Registry     no service assigned
    ");
    insta::assert_snapshot!(printed(of_port(22)), @r"
    22  system port
    IANA assigns ports 0 to 1023 to standard Internet services. On Linux only programs with
    administrator rights can open them, unless the system is configured otherwise. On macOS (since
    10.14) this is so for a single address, such as 127.0.0.1; any program can open them on all
    addresses.

    Registry     22 ssh, The Secure Shell (SSH) Protocol (TCP and UDP)
    Registry     22 ssh (SCTP)

    See also     For the license error -22 of FlexNet Publisher and RLM: whatlistens explain -22
    ");
}

#[test]
fn a_port_that_the_registry_alone_knows() {
    insta::assert_snapshot!(printed(of_port(1443)), @"
    1443  registered port
    IANA assigns ports 1024 to 49151 on request. An assignment reserves the name, not the port: any
    program of any user can open it.

    Registry     1443 ies-lm, Integrated Engineering Software (TCP and UDP); a license manager

    Integrated Engineering Software  iana-ies-lm
    Port         1443/tcp and udp: the license server
    Note         The registry assigns this port to ies-lm, which by its name is a license manager. The
                 programs that belong there are not known.
    Healthy      Nothing is known about it. The person who runs a program on this port should be able to
                 say what it is for.
    Safety       Let only the machines that use its licenses reach it, never the Internet. Bind it to
                 one address if it can do that, or open the firewall only for those machines.
    Certainty    registry-only. Only the registry lists it. Which programs belong to it, and whether it
                 is still in use, is not known.
    Source       IANA 1443 ies-lm
    ");
}

#[test]
fn a_license_manager_in_full() {
    insta::assert_snapshot!(printed(of_name("sidefx-hserver")), @"
    sidefx-hserver  a license manager

    SideFX hserver  sidefx-hserver
    Port         1714/tcp: a helper of programs that use licenses, not a server
    Linux        hserver
    Windows      hserver.exe
    macOS        hserver
    Service      on Windows: HoudiniServer
    Clients      it also runs on machines that only use licenses
    Note         hserver runs on every machine with Houdini and asks the license server for it. It
                 serves no licenses.
    Healthy      hserver listens on 1714 by TCP on each machine with Houdini.
    Safety       No other machine need reach it: keep 1714 closed in the firewall.
    Certainty    high. From the vendor's own documents, or from the program's files. For 1714 the
                 registry has only the name sesi-lm.
    Source       https://www.sidefx.com/faq/question/what-kind-of-options-are-available-to-hserver/
                 IANA 1714/tcp sesi-lm
    ");
    insta::assert_snapshot!(printed(of_port(7279)), @"
    7279  registered port
    IANA assigns ports 1024 to 49151 on request. An assignment reserves the name, not the port: any
    program of any user can open it.

    Registry     7279 ctxlic, Citrix Licensing (TCP and UDP); a license manager
    Beware       It is often said of 7279 that it is the Sentinel License Manager. The registry gives it
                 to Citrix (ctxlic), and Citrix's vendor daemon uses it. Sentinel's numbers are 5093
                 (RMS) and 1947 (LDK).
    Source       IANA 7279/tcp ctxlic
                 https://docs.citrix.com/en-us/licensing/11-16-3/manage/vendor-daemon.html?lang-switch=true

    Citrix License Server  citrix
    Built on     FlexNet Publisher
    Port         7279/tcp: the vendor daemon
    Port         27000/tcp: the license server
    Port         8082/tcp: a web page for administrators
    Linux        lmgrd or lmadmin, which starts CITRIX
    Windows      lmgrd.exe or lmadmin.exe, which starts CITRIX.exe
    macOS        lmgrd or lmadmin
    Made by      Acresso, Flexera, Globetrotter, Macrovision or Revenera, according to the files on
                 Windows
    Note         7279 is the port of the vendor daemon CITRIX; the license server manager (lmadmin,
                 formerly lmgrd) listens on 27000, and with its console on 8082. 8083 is the Simple
                 License Service's, by Citrix's own table of ports. 7279 is not a Sentinel port.
    Healthy      lmgrd (or lmadmin) listens by TCP on the port of the license file's SERVER line, or on
                 the first free one of 27000-27009 where the line has none. The vendor's daemon is its
                 child and listens on a TCP port of its own: that of PORT= on the VENDOR line, or one
                 that the system chose.
    Safety       Clients need both TCP ports, so write PORT= on the VENDOR line: a firewall rule cannot
                 name a port that changes with every start. Let only the machines that use the licenses
                 reach them, and never the Internet; lmadmin's web page (8090) is for administrators
                 alone.
    Certainty    high. From the vendor's own documents, or from the program's files. The registry
                 assigns 8082 to us-cli, not to this license manager.
    Source       https://docs.citrix.com/en-us/licensing/11-16-3/manage/vendor-daemon.html?lang-switch=true
                 https://knowcitrix.com/posts/citrix-licensing-daemons
                 https://github.com/rbowes-r7/doltool: PORT=7279
                 http://www.errordb.com/idx.php/38/1931/article/How-To-Configure-or-Change-The-Default-Citrix-License-Ports-.html:
                 8082
                 configuration: Citrix's table of ports, 8083 for the Simple License Service
                 FLEXnet Licensing End User Guide pp. 23-25, 107-110: SERVER and VENDOR lines, lmgrd
                 starts the vendor daemons
                 https://docs.revenera.com/fnp/2023r1/LicAdmin_Guide/Content/helplibrary/lmadmin_Command_line_Arguments.htm
                 github.com/lcondliffe/docker-flexlm: FlexLM/lmgrd.exe, whose CompanyName is Flexera
                 https://patents.google.com/patent/US8620817: Macrovision's, then Acresso's, then
                 Flexera's
    ");
    insta::assert_snapshot!(printed(of_port(1688)), @"
    1688  registered port
    IANA assigns ports 1024 to 49151 on request. An assignment reserves the name, not the port: any
    program of any user can open it.

    Registry     1688 nsjtp-data (TCP and UDP)

    Microsoft Key Management Service  microsoft-kms
    Port         1688/tcp: the license server
    Windows      sppsvc.exe
    Service      on Windows: sppsvc
    Note         The KMS host of Windows and Office is sppsvc.exe, the Software Protection service, on a
                 Windows machine that was made one on purpose. Programs by others on 1688 are emulators.
    Healthy      On the KMS host alone, sppsvc.exe listens on 1688 by TCP. On Linux and macOS nothing of
                 Microsoft's does.
    Safety       Open 1688 to the machines that are to be activated, and never to the Internet.
                 KeyManagementServicePort in the registry of Windows changes it.
    Certainty    medium. From second-hand sources, or inferred from the vendor's documents. A program
                 that is not listed here may still be right. The registry assigns 1688 to nsjtp-data,
                 not to this license manager.
    Source       https://learn.microsoft.com/en-us/previous-versions/windows/desktop/sppwmi/setkeymanagementservicelisteningport-softwarelicensingservice:
                 1688 by default
                 http://level7techgroup.com/blog/?p=947: Software Protection, sppsvc

    py-kms  an emulator of Microsoft Key Management Service
    Files        pykms_Server.py
    Note         A stand-in for Microsoft's Key Management Service, in Python. It listens on 1688 by
                 default.
    Source       github.com/SystemRage/py-kms: README, python3 pykms_Server.py

    vlmcsd  an emulator of Microsoft Key Management Service
    Files        vlmcsd or vlmcsd.exe
    Note         A stand-in for Microsoft's Key Management Service, for many systems. It listens on 1688
                 by default.
    Source       github.com/Wind4/vlmcsd: etc/vlmcsd.ini
    ");
}

#[test]
fn the_command_line_of_explain() {
    let (out, _, status) = whatlistens(&["explain", "1538"]);
    assert!(status == 0 && out.starts_with("1538  registered port\n"), "{out}");
    let (out, _, status) = whatlistens(&["explain", ":1538", "1493/udp"]);
    assert!(status == 0 && out.contains("\n\n1493/udp  registered port\n"), "{out}");
    let (_, complaint, status) = whatlistens(&["explain", "lmgdr"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(Signs::Ascii.of(complaint), @"whatlistens: No service, license manager, vendor or license process is called 'lmgdr'. Did you mean lmgrd? (For a process: whatlistens lmgdr)");
    let (_, complaint, status) = whatlistens(&["explain"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(complaint, @"whatlistens: WHAT is missing: name a port, a service, a process, a license manager or a license error");
    let (_, complaint, status) = whatlistens(&["explain", "70000"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(Signs::Ascii.of(complaint), @"whatlistens: '70000' is not a port: ports are 1 to 65535");
    let (out, complaint, status) = whatlistens(&["explain", "--json", "lmgdr"]);
    assert!(status == 2 && out.contains("\"exit_status\": 2"), "{out}{complaint}");
}
