//! License servers on disk images, whose files all say that they are root's.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::document::{Document, read};
use crate::live::row;
use crate::live_linux::copied;
use crate::network::{is_there, run};
use crate::started::{FLEXNET, Listening, listener_program, program, start, told};

/// An account that is nobody's.
const STRANGER: u32 = 4242;

/// A disk image with an lmgrd in it, and a folder to mount it at.
struct DiskImage {
    folder: tempfile::TempDir,
}

impl DiskImage {
    /// `None`, said so, where there is nothing to make or mount one with.
    fn of(owner: u32) -> Option<DiskImage> {
        if !is_there("mke2fs") || !is_there("losetup") {
            return None;
        }
        if !Command::new("losetup").arg("--find").output().unwrap().status.success() {
            eprintln!("skipped: there are no loop devices here");
            return None;
        }
        let (folder, lmgrd) = copied(&listener_program(), "lmgrd");
        let image = DiskImage { folder };
        let content = image.path("content");
        for folder in [&content, &image.path("mounted"), &image.path("bound")] {
            fs::create_dir(folder).unwrap();
        }
        fs::rename(lmgrd, content.join("lmgrd")).unwrap();
        let mut made = Command::new("mke2fs");
        run(made.args(["-q", "-t", "ext4", "-d"]).arg(&content).arg(image.path("disk")).arg("256M"));
        chown(image.path("disk"), Some(owner), None).unwrap();
        Some(image)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in it, started in a mount namespace of its own, in which a shell has mounted it. Its `/run` is
    /// empty, and what mount(8) records there goes with it.
    fn started(&self, mounted: &str, lmgrd: &str) -> Listening {
        let run = "mount -t tmpfs none /run && mkdir /run/mount /run/udisks2";
        let script = format!("{run} && {mounted} && exec {lmgrd} tcp:$0");
        start(&FLEXNET, |place| {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh", "-c", &script, place]).current_dir(self.folder.path());
            command
        })
    }
}

/// Of the program's answer: the trust in the file, the verdict and why.
fn told_of(document: &Document, listening: &Listening) -> (String, String, String) {
    let row = row(document, listening.addresses[0]);
    let license = row.license.clone().expect("a license port");
    let next = license.next.unwrap_or_default();
    (row.processes[0].file_trust.clone().unwrap(), license.verdict, format!("{} {next}", license.reason))
}

/// What the program says, run where the listener runs.
fn inside(listening: &Listening, options: &[&str]) -> (String, String, String) {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &listening.pid().to_string()]).arg(program());
    let what = format!("{}/tcp", listening.port());
    let output = command.arg("--json").args(options).arg(&what).output().unwrap();
    told_of(&read(&told(output).0), listening)
}

fn outside(listening: &Listening) -> (String, String, String) {
    let what = format!("{}/tcp", listening.port());
    told_of(&read(&crate::started::whatlistens(&["--json", &what]).0), listening)
}

const WHY: &str = "a disk image or removable disk that an ordinary user could have made";

fn assert_unknown((trust, verdict, reason): &(String, String, String), what: &str) {
    assert_eq!((trust.as_str(), verdict.as_str()), ("unknown", "cannot-tell"), "{what}: {reason}");
    assert!(reason.contains(WHY), "{what}: {reason}");
}

/// As udisks does it for whoever sits at the machine; and an administrator, who does not look at who made it.
#[test]
#[ignore = "needs root: mounts disk images"]
fn the_owners_of_files_on_a_user_s_disk_image_are_not_believed() {
    let Some(image) = DiskImage::of(STRANGER) else { return };
    let bound = "mount -o loop,nosuid,nodev disk mounted && mount --bind mounted bound && umount -l mounted";
    for (mounted, lmgrd) in [
        ("mount -o loop,nosuid,nodev disk mounted", "mounted/lmgrd"),
        ("mount -o loop disk mounted", "mounted/lmgrd"),
        (bound, "bound/lmgrd"),
    ] {
        let listening = image.started(mounted, lmgrd);
        assert_unknown(&inside(&listening, &[]), mounted);
        assert_unknown(&outside(&listening), mounted);
        let folder = image.path(lmgrd).parent().map(Path::to_owned).unwrap();
        let (trust, verdict, _) = inside(&listening, &["--trust-path", folder.to_str().unwrap()]);
        assert_eq!((trust.as_str(), verdict.as_str()), ("unknown", "expected"), "{mounted}");
        let advice = format!("--trust-path {}", folder.display());
        assert!(inside(&listening, &[]).2.contains(&advice), "{mounted}");
    }
}

#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_of_root_s_is_as_good_as_a_disk() {
    let Some(image) = DiskImage::of(0) else { return };
    for mounted in ["mount -o loop disk mounted", "mount -o loop,nosuid,nodev disk mounted"] {
        let listening = image.started(mounted, "mounted/lmgrd");
        for (trust, verdict, reason) in [inside(&listening, &[]), outside(&listening)] {
            assert_eq!((trust.as_str(), verdict.as_str()), ("system", "expected"), "{mounted}: {reason}");
        }
    }
}

/// The file of root's image is on a file system in memory here, whose number is that of no device.
#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_in_memory_of_root_s_is_as_good_as_a_disk() {
    let Some(image) = DiskImage::of(0) else { return };
    let mounted = "mount -t tmpfs -o mode=755 none bound && cp --sparse=always disk bound && mount -o loop bound/disk mounted";
    let listening = image.started(mounted, "mounted/lmgrd");
    let (trust, verdict, reason) = inside(&listening, &[]);
    assert_eq!((trust.as_str(), verdict.as_str()), ("system", "expected"), "{reason}");
}

/// A file system in memory with a user's disk image, at the path there that a file of root's has.
const IMITATE: &str =
    "mount -t tmpfs none bound && mkdir -p bound/$PWD && cp -p --sparse=always disk bound/$PWD/genuine";

/// Starts a program on a user's disk image for which the kernel shows the path of a file of root's.
fn assert_imitation_is_unknown(mounted: &str) {
    let Some(image) = DiskImage::of(STRANGER) else { return };
    fs::write(image.path("genuine"), "root's").unwrap();
    let is_shown = "grep -Fqx $PWD/genuine /sys/block/loop*/loop/backing_file";
    let listening = image.started(&format!("{mounted} && {is_shown}"), "mounted/lmgrd");
    assert_unknown(&inside(&listening, &[]), "inside");
    assert_unknown(&outside(&listening), "outside");
}

/// As udisks sets it up for a user from whatever file they pass, from a mount namespace of theirs that has ended.
#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_that_has_the_path_of_a_file_of_root_s_in_a_user_s_view_is_not_believed() {
    let set_up = format!("{IMITATE} && losetup --find --show bound/$PWD/genuine > device");
    let mount = "mount $(cat device) mounted; losetup --detach $(cat device)";
    assert_imitation_is_unknown(&format!("unshare --mount sh -c '{set_up}' && {{ {mount}; }}"));
}

/// The kernel shows a path in a file system that is mounted nowhere from the root of that.
#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_on_a_stick_that_was_pulled_is_not_believed() {
    assert_imitation_is_unknown(&format!(
        "{IMITATE} && mount -o loop bound/$PWD/genuine mounted && umount -l bound"
    ));
}

/// Under the name of its device stands that of root's own image, which has the file at the path.
#[test]
#[ignore = "needs root: mounts disk images"]
fn the_device_that_is_asked_is_the_one_of_the_disk_image() {
    let (Some(image), Some(genuine)) = (DiskImage::of(STRANGER), DiskImage::of(0)) else { return };
    let (root, path) = (genuine.folder.path().display(), genuine.path("disk"));
    let path = path.display();
    let imitation = format!(
        "mount -t tmpfs none bound && mkdir -p bound/{root} && cp -p --sparse=always disk bound/{path} && \
         user=$(losetup --find --show bound/{path}) && mount $user mounted && losetup --detach $user && umount -l bound"
    );
    let other = format!(
        "root=$(losetup --find --show {path}) && mount $root bound && losetup --detach $root && mount --bind $root $user"
    );
    let shown = format!("[ \"$(cat /sys/block/${{user#/dev/}}/loop/backing_file)\" = {path} ]");
    let listening = image.started(&format!("{imitation} && {other} && {shown}"), "mounted/lmgrd");
    assert_unknown(&inside(&listening, &[]), "inside");
}

/// An ordinary user may not open the device.
#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_whose_device_cannot_be_asked_is_a_doubt() {
    let Some(image) = DiskImage::of(0) else { return };
    let stranger = format!("setpriv --reuid {STRANGER} --regid {STRANGER} --clear-groups");
    let listening = image.started("mount -o loop disk mounted", &format!("{stranger} mounted/lmgrd"));
    let (trust, verdict, reason) = inside(&listening, &[]);
    assert_eq!((trust.as_str(), verdict.as_str()), ("system", "expected"), "{reason}");
    let what = format!("{}/tcp", listening.port());
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &listening.pid().to_string()]).args(stranger.split(' '));
    let output = command.arg(program()).args(["--json", &what]).output().unwrap();
    assert_unknown(&told_of(&read(&told(output).0), &listening), "as an ordinary user");
}

/// A file on an overlay may have another device number than the overlay.
#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_of_root_s_on_an_overlay_is_as_good_as_a_disk() {
    let Some(image) = DiskImage::of(0) else { return };
    let made = "mount -t tmpfs none bound && mkdir bound/upper bound/work bound/merged && \
         mount -t overlay -o lowerdir=.,upperdir=bound/upper,workdir=bound/work none bound/merged";
    for (layer, image_at) in [("true", "disk"), ("cp --sparse=always disk bound/merged/upper", "upper")] {
        let mounted = format!("{made} && {layer} && mount -o loop bound/merged/{image_at} mounted");
        let listening = image.started(&mounted, "mounted/lmgrd");
        let (trust, verdict, reason) = inside(&listening, &[]);
        assert_eq!((trust.as_str(), verdict.as_str()), ("system", "expected"), "{image_at}: {reason}");
    }
}

/// The file of the device is another device, which is root's, whoever made what is on it.
#[test]
#[ignore = "needs root: mounts disk images"]
fn a_device_for_a_user_s_disk_image_s_device_is_the_user_s() {
    let Some(image) = DiskImage::of(STRANGER) else { return };
    let set_up = "one=$(losetup --find --show disk) && two=$(losetup --find --show $one)";
    let mounted =
        format!("{set_up} && {{ mount $two mounted; losetup --detach $two; losetup --detach $one; }}");
    let listening = image.started(&mounted, "mounted/lmgrd");
    assert_unknown(&inside(&listening, &[]), "inside");
}

/// Root's image stands for a stick here: nothing but the record says who had it mounted.
#[test]
#[ignore = "needs root: mounts disk images"]
fn what_is_recorded_as_mounted_for_a_user_is_not_believed() {
    let Some(image) = DiskImage::of(0) else { return };
    let media = "mount -t tmpfs none /media && mkdir -p /media/mia/stick && mount -o loop,nosuid,nodev disk /media/mia/stick";
    let fstab = |point: &str| {
        let fstab =
            format!("echo \"LABEL=x {point} auto noauto,users\" > fstab && mount --bind fstab /etc/fstab");
        format!("{fstab} && mount -o loop,nosuid,nodev disk mounted")
    };
    let (plain, doubled) = (fstab("$PWD/mounted"), fstab("$PWD//mounted/"));
    let through_link = format!("ln -sfn . link && {}", fstab("$PWD/link/mounted"));
    let udisks =
        "printf \"$PWD/mounted\\0\" > /run/udisks2/mounted-fs && mount -o loop,nosuid,nodev disk mounted";
    for (mounted, lmgrd) in [
        ("mount -o loop,nosuid,nodev,uhelper=udisks2 disk mounted", "mounted/lmgrd"),
        ("mount -o loop,user,exec disk mounted", "mounted/lmgrd"),
        (
            "mount -o loop,nosuid,nodev,uhelper=udisks2 disk mounted && mount --bind mounted bound",
            "bound/lmgrd",
        ),
        (media, "/media/mia/stick/lmgrd"),
        (&plain, "mounted/lmgrd"),
        (&doubled, "mounted/lmgrd"),
        (&through_link, "mounted/lmgrd"),
        (udisks, "mounted/lmgrd"),
    ] {
        let listening = image.started(mounted, lmgrd);
        assert_unknown(&inside(&listening, &[]), mounted);
    }
}

#[test]
#[ignore = "needs root: mounts disk images"]
fn a_disk_image_in_a_user_s_disk_image_is_the_user_s() {
    let (Some(outer), Some(inner)) = (DiskImage::of(STRANGER), DiskImage::of(0)) else { return };
    fs::rename(inner.path("disk"), outer.path("content/inner")).unwrap();
    let disk = outer.path("disk");
    let mut made = Command::new("mke2fs");
    run(made.args(["-q", "-F", "-t", "ext4", "-d"]).arg(outer.path("content")).arg(&disk).arg("600M"));
    let mounted = "mount -o loop disk mounted && mount -o loop mounted/inner bound";
    let listening = outer.started(mounted, "bound/lmgrd");
    assert_unknown(&inside(&listening, &[]), mounted);
}
