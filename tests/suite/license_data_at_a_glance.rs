//! Every license manager in one line.

use whatlistens::model::Os;

use crate::recorded::knowledge;

/// What is known, on one screen: a slip in a name or number shows here.
#[test]
fn the_facts_at_a_glance() {
    let mut glance = String::new();
    for manager in &knowledge().licenses().managers {
        let ports = manager.ports.iter().map(|port| {
            let protocols: Vec<_> = port.protocols.iter().map(|protocol| protocol.name()).collect();
            let range = port.range.map_or("any".to_owned(), |range| range.to_string());
            format!("{range}/{} {}", protocols.join("+"), port.role.code())
        });
        let executables = Os::ALL.map(|os| manager.executables.on(os).join(" "));
        glance += &format!(
            "{} {}: {} | {}\n",
            manager.id,
            manager.confidence.code(),
            ports.collect::<Vec<_>>().join(", "),
            executables.join(" | ")
        );
    }
    insta::assert_snapshot!(glance, @"
    adlink-opensplice medium: 5053/tcp server, any/tcp vendor-daemon | prismtech | prismtech.exe | 
    aimms medium: 3400-3401/tcp server | licsrv |  | 
    altair high: 6200/tcp server |  |  | 
    altium registry-only: 9780/tcp server, 9785/tcp server |  |  | 
    altova registry-only: 35355/tcp+udp server |  |  | 
    amazon-dcv medium: 5053/tcp server, any/tcp vendor-daemon |  |  | 
    amd-xilinx medium: 2100/tcp server, any/tcp vendor-daemon | xilinxd |  | 
    ampl high: 5195/tcp server | ampl_lic | ampl_lic.exe | ampl_lic
    animbot medium: 5053/tcp server, any/tcp vendor-daemon | animbot |  | 
    ansys high: 1055/tcp server, any/tcp vendor-daemon | ansyslmd | ansyslmd.exe | 
    ansys-li high: 2325/tcp server | ansysli_server | ansysli_server.exe | 
    arden registry-only: any/tcp+udp server |  |  | 
    arm medium: 27000-27009/tcp server, any/tcp vendor-daemon | armlmd | armlmd.exe | 
    arm-ubl medium: 7070/tcp server |  |  | 
    aspentech medium: 5093/udp server |  |  | 
    autodesk-3ds-lm medium: 1538/tcp+udp server | adskflex | adskflex.exe | adskflex
    autodesk-arnold medium: any/tcp vendor-daemon | solidangle | solidangle.exe | solidangle
    autodesk-lm registry-only: 1422/tcp+udp server |  |  | 
    autodesk-nlm high: 2080/tcp vendor-daemon, 27000-27009/tcp server | adskflex | adskflex.exe | adskflex
    biovia medium: 1715/tcp server, 1716/tcp vendor-daemon, any/tcp vendor-daemon | msi | msi.exe | 
    borisfx medium: any/tcp vendor-daemon | genarts sfx | genarts.exe sfx.exe | genarts sfx
    bricsys high: 5054/tcp web, any/tcp vendor-daemon | bricsys | bricsys.exe | 
    cad-design high: any/tcp server |  |  | 
    cadence high: 5280/tcp server, any/tcp vendor-daemon | cdslmd | cdslmd.exe | 
    cadence-awr high: 27007/tcp server, any/tcp vendor-daemon |  | awrd.exe | 
    canon-prisma medium: 27000-27009/tcp server |  |  | 
    capesym medium: any/tcp vendor-daemon | capesym | capesym.exe | 
    chaos high: 30304/tcp server |  | vrol.exe | 
    citrix high: 7279/tcp vendor-daemon, 27000/tcp server, 8082/tcp web | CITRIX | CITRIX.exe | 
    codemeter medium: 22350/tcp+udp server, 22351/tcp server, 22352-22353/tcp web | CodeMeterLin CmWebAdmin | CodeMeter.exe CmWebAdmin.exe | CodeMeterMacX
    comsol high: 1718/tcp server, 1719/tcp vendor-daemon | LMCOMSOL | LMCOMSOL.exe | LMCOMSOL
    coverity medium: 27000-27009/tcp server, any/tcp vendor-daemon | covlicd |  | 
    cryptlex-lexfloat registry-only: any/tcp server | lexfloatserver | lexfloatserver.exe | 
    cype registry-only: 30333/tcp server, 30334/udp server, 30335/tcp server |  |  | 
    deltares medium: any/tcp vendor-daemon |  | DS_Flex.exe | 
    dsls high: 4085/tcp server, 4084/tcp admin | DSLicSrv | DSLicSrv.exe | 
    enercalc registry-only: 2326-2330/udp server, 2376-2380/tcp server |  |  | 
    esko high: 27000-27009/tcp server, any/tcp vendor-daemon |  | barco.exe esko.exe | 
    esri high: 27000-27009/tcp server, any/tcp vendor-daemon | ARCGIS | arcgis.exe | 
    extendsim high: 5053/tcp server |  |  | 
    flexlm-744 registry-only: 744/tcp+udp server |  |  | 
    flexnet high: 27000-27009/tcp server, 8090/tcp web |  |  | 
    flexnet-lmadmin registry-only: 27010/tcp admin |  |  | 
    foundry medium: 4101/tcp server, 5053/tcp server, 5054/tcp web | foundry | foundry.exe | 
    foundry-flexnet registry-only: any/tcp vendor-daemon | foundry |  | 
    fourjs high: 6399/tcp server | flmprg | flmprg.exe | flmprg
    fraunhofer-cdtire high: any/tcp vendor-daemon | CDTIRE | CDTIRE.exe | 
    genesys high: any/tcp server, any/tcp vendor-daemon | genesys.d |  | 
    geomagic high: any/tcp vendor-daemon |  | geowatch.exe | 
    gispax medium: 5053/tcp server, any/tcp vendor-daemon | gispax | gispax.exe | 
    golaem medium: any/tcp vendor-daemon | golaem | golaem.exe | 
    golden-software medium: 5093/udp server |  |  | 
    guardant registry-only: 3189/tcp web | grdcontrol glds |  | 
    gurobi high: 41954/tcp server | grb_ts | grb_ts.exe | grb_ts
    gwb high: any/tcp vendor-daemon |  | hydrokey.exe | 
    hcl medium: 7070/tcp server |  |  | 
    hexagon-geospatial medium: 27000-27009/tcp server, any/tcp vendor-daemon |  | INGRTS.exe | 
    hexagon-msc medium: 27500/tcp server, any/tcp vendor-daemon | msc |  | 
    hp-autopass registry-only: 5814/tcp web |  |  | 
    ibm-lum registry-only: 1515/tcp+udp server | i4lmd i4llmd |  | 
    ibm-rational high: 27000-27009/tcp server, any/tcp vendor-daemon | ibmratl | ibmratl.exe rational.exe | 
    ibm-spss medium: 5093/udp server |  |  | 
    ideate high: 27000-27009/tcp server, any/tcp vendor-daemon |  | ideate.exe | 
    ikinema medium: 5088/tcp server, 5087/tcp web |  |  | ikinema
    infor-slm high: 6005/tcp+udp server | SlmServer |  | 
    intel high: 27009/tcp server, any/tcp vendor-daemon | INTEL |  | 
    intel-fpga high: any/tcp vendor-daemon | alterad | alterad.exe | 
    intercax medium: 5053/tcp server, 5054/tcp web, 5055/tcp vendor-daemon | intercax | intercax.exe | intercax
    itrs-geneos medium: 7041/tcp server | licd.linux_64 licd.linux |  | 
    jangafx registry-only: any/tcp server |  |  | 
    jetbrains medium: any/tcp server |  |  | 
    keysight-eesof medium: 27000-27009/tcp server, any/tcp vendor-daemon | agileesofd | agileesofd.exe | 
    kognat medium: any/tcp vendor-daemon | kognat | kognat.exe | 
    licensespring registry-only: any/tcp server |  |  | 
    lightmap high: 5053/tcp server, any/tcp vendor-daemon | lightmap | lightmap.exe | lightmap
    lispworks high: any/tcp+udp server | hqn_lsd |  | 
    lizardtech medium: 5093/udp server |  |  | 
    lm-x high: 6200/tcp+udp server |  |  | 
    lstc medium: 31010/tcp server | lstc_server |  | 
    luxion-keyshot medium: 27000-27009/tcp server |  |  | 
    maplesoft medium: 27000-27009/tcp server, any/tcp vendor-daemon | maplelmg | maplelmg.exe | 
    mathworks high: 27000-27009/tcp server, any/tcp vendor-daemon | MLM | mlm.exe | MLM
    maxon-redshift medium: any/tcp vendor-daemon | redshift | redshift.exe | redshift
    mcneel-zoo registry-only: any/tcp server |  |  | 
    microchip-libero medium: 1702/tcp server, any/tcp vendor-daemon | actlmgrd mgcld snpslmd |  | 
    microchip-xc high: 5053/tcp server, 5054/tcp web |  |  | 
    microsoft-kms medium: 1688/tcp server |  | sppsvc.exe | 
    minitab medium: any/tcp vendor-daemon |  | minitab.exe | 
    mosek high: 27007/tcp server, any/tcp vendor-daemon | MOSEKLM | MOSEKLM.exe | MOSEKLM
    mvtec-halcon high: 22022-22023/tcp server | mlips | mlips.exe | 
    ncube-lm registry-only: 1521/tcp+udp server |  |  | 
    nethasp medium: 475/udp+tcp server | hasplm | nhsrvice.exe | 
    netmap-lm registry-only: 1493/tcp+udp server |  |  | 
    nextlimit medium: any/tcp vendor-daemon | nextlimit | nextlimit.exe | nextlimit
    ni medium: any/tcp vendor-daemon |  | nilm.exe | 
    nomagic-cameo medium: any/tcp vendor-daemon | cameo |  | 
    nv5-idl high: 1700/tcp server, any/tcp vendor-daemon | idl_lmgrd | idl_lmgrd.exe | idl_lmgrd
    nvidia-vgpu medium: 7070/tcp server |  |  | 
    oasys medium: 6200/tcp+udp server |  |  | 
    olicense registry-only: 31212/tcp server |  |  | 
    opendtect medium: any/tcp vendor-daemon | dgbld lm_dgb | dgbld.exe lm_dgb.exe | 
    openlink high: any/tcp+udp server | oplmgr |  | 
    orcina high: any/tcp server |  |  | 
    originlab high: any/tcp server |  |  | 
    oxygen registry-only: any/tcp server |  |  | 
    pace registry-only: 31400/tcp server |  | LDSvc.exe | 
    palisade high: any/tcp vendor-daemon |  | Palisade.exe | 
    peregrine-yeti medium: any/tcp vendor-daemon | peregrinel | peregrinel.exe | 
    perforce-alm registry-only: any/tcp server |  |  | 
    perforce-qac medium: 27000/tcp server, 33133/tcp vendor-daemon | prqa |  | 
    pixar medium: any/tcp server | PixarLicenseServer |  | 
    pixyz high: any/tcp server |  |  | 
    ptc high: 7788/tcp server, any/tcp vendor-daemon | ptc_d | ptc_d.exe | 
    ptc-arbortext high: 7790/tcp server, any/tcp vendor-daemon |  | ptc_e.exe | 
    revenera-fne high: 7070/tcp server |  |  | 
    rlm high: 5053/tcp server, 5053/udp discovery, 5054/tcp web, any/tcp vendor-daemon |  |  | 
    rocket-microfocus medium: 5093/udp server | mfcesd | mfcesd.exe | 
    rockwell medium: 27000-27009/tcp server, any/tcp vendor-daemon |  | flexsvr.exe | 
    safe-fme high: 27000-27009/tcp server |  |  | 
    sassafras registry-only: 19283/tcp+udp server |  |  | 
    schneider medium: 27000-27009/tcp server |  |  | 
    sdv-3dequalizer high: any/tcp server | flcd4 |  | 
    sentinel-keys medium: 7001-7002/tcp server, 9450/tcp+udp server | SntlKeysSrvrlnx | sntlkeyssrvr.exe | 
    sentinel-ldk high: 1947/tcp+udp server | hasplmd hasplmd_x86_64 | hasplms.exe | hasplmd
    sentinel-protection medium: 6001/udp+tcp server |  | spnsrvnt.exe | 
    sentinel-rms high: 5093/udp server |  |  | 
    serena high: 27000-27009/tcp server, any/tcp vendor-daemon | merant | merant.exe | 
    sidefx-houdini high: 1715/tcp server | sesinetd | sesinetd.exe | sesinetd
    sidefx-hserver high: 1714/tcp helper | hserver | hserver.exe | hserver
    siemens-alm medium: 4410/tcp server |  | almsrv64x.exe | 
    siemens-eda high: 1717/tcp server, any/tcp vendor-daemon | mgcld saltd | mgcld.exe saltd.exe | 
    siemens-heeds medium: 29000/tcp server | rctech |  | 
    siemens-nx high: 28000/tcp server, 29000/tcp vendor-daemon, any/tcp vendor-daemon | ugslmd | ugslmd.exe | 
    siemens-salt medium: 29000/tcp server, any/tcp vendor-daemon | saltd | saltd.exe | 
    siemens-starccm medium: 1999/tcp server, 2099/tcp vendor-daemon | cdlmd | cdlmd.exe | 
    silvaco-sflm medium: 3162/tcp server | rpc.sflmserverd |  | 
    simulia-abaqus medium: 27000-27009/tcp server, any/tcp vendor-daemon | ABAQUSLM | ABAQUSLM.exe | 
    slb medium: 27000-27009/tcp server, any/tcp vendor-daemon |  | slbsls.exe | 
    solidworks medium: 25734/tcp server, 25735/tcp vendor-daemon, any/tcp vendor-daemon |  | SW_D.exe | 
    spinfire medium: any/tcp vendor-daemon |  | actifyd.exe spinfired.exe | 
    synopsys medium: 27020/tcp server, 27000-27009/tcp server, any/tcp vendor-daemon | snpslmd | snpslmd.exe | 
    tekla medium: any/tcp vendor-daemon |  | tekla.exe | 
    thea registry-only: 6310/tcp server |  |  | 
    thermo-fei high: any/tcp server |  |  | 
    thinkbox medium: 27000-27009/tcp server, 2708/tcp vendor-daemon | thinkbox | thinkbox.exe | thinkbox
    thinkbox-forwarder medium: any/tcp helper | deadlinelicenseforwarder |  | 
    toonboom high: 27000-27009/tcp server, any/tcp vendor-daemon | toonboom | toonboom.exe | toonboom
    tweak-rv medium: 5436/tcp server | tlm_server | tlm_server.exe | tlm_server
    unigine registry-only: 33333/tcp server, 33334/udp discovery |  |  | 
    unity high: any/tcp server | Unity.Licensing.Server | Unity.Licensing.Server.exe | 
    vectorworks medium: 5053/tcp server, 5053/udp discovery, 5054/tcp web, any/tcp vendor-daemon | vektorwrx | vektorwrx.exe | vektorwrx
    vsni medium: any/tcp server |  |  | 
    wibukey medium: 22347/tcp+udp server | WkSvLin | WkSvW32.exe | WkSvMacX
    wolfram-mathlm high: 16286/tcp server | mathlm | mathlm.exe | mathlm
    wyday-turbofloat medium: any/tcp server | turbofloatserver | TurboFloatServer.exe | turbofloatserver
    ");
}
