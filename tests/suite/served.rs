//! A file system of a test's own that stops answering.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::network::{eventually, is_there, quiet, run};
use crate::started::Ended;

/// A file system that a program serves, and no longer does: as of a server that is gone.
pub struct Served {
    folder: tempfile::TempDir,
    pub server: Ended,
}

impl Served {
    /// `None` where there is no such file system here.
    pub fn new() -> Option<Served> {
        if !is_there("bindfs") || !Path::new("/dev/fuse").exists() {
            eprintln!("skipped: there is no FUSE here");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["disk", "served"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut command = Command::new("bindfs");
        command.args(["-f", "-o", "attr_timeout=0,entry_timeout=0"]).arg(folder.path().join("disk"));
        let server = quiet(command.arg(folder.path().join("served")));
        let served = Served { folder, server };
        fs::write(served.folder.path().join("disk/here"), "").unwrap();
        assert!(eventually(|| served.path("here").exists()), "it is mounted");
        Some(served)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("served").join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn stop(&self) {
        run(Command::new("kill").args(["-STOP", &self.server.0.id().to_string()]));
    }
}

impl Drop for Served {
    /// Whoever waits for it is told by its end that there is nothing to wait for.
    fn drop(&mut self) {
        let _ = self.server.0.kill();
        let _ = self.server.0.wait();
        let _ = Command::new("umount").arg("-l").arg(self.folder.path().join("served")).status();
    }
}
