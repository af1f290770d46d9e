//! Imports between the files of the program: along the table below from module to module, and in no
//! circle between files, however long. A name counts as imported from the file that defines it, whoever
//! re-exports it.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Item, UseTree};

use crate::tidy;

/// The top modules, and what each may import: only what stands above it.
const IMPORTS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("cli", &[]),
    ("os", &["model"]),
    ("knowledge", &["model"]),
    ("judge", &["knowledge", "model", "os"]),
    ("render", &["model"]),
    ("query", &["cli", "knowledge", "model", "os", "render"]),
    ("report", &["judge", "knowledge", "model", "os", "query"]),
    ("command", &["cli", "judge", "knowledge", "model", "os", "query", "render", "report"]),
];

/// `["os", "linux"]` for `src/os/linux/mod.rs`.
type Module = Vec<String>;

/// What one file says of names.
#[derive(Default)]
struct File {
    path: String,
    /// The items it defines.
    defines: BTreeSet<String>,
    /// The names it takes from elsewhere, with the paths they are taken by: several where each system has its own.
    uses: BTreeMap<String, Vec<Vec<String>>>,
    /// Every path that may lead into another file.
    paths: BTreeSet<Vec<String>>,
}

impl File {
    fn parse(path: &str, text: &str) -> File {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut file = File { path: path.to_owned(), ..File::default() };
        for item in parsed.items.iter().filter(|item| !is_test(item)) {
            if let Item::Use(item) = item {
                file.add(&item.tree, &mut Vec::new());
            } else {
                file.defines.extend(name_of(item));
                file.visit_item(item);
            }
        }
        file
    }

    fn add(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add(&path.tree, before);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, before)),
            UseTree::Name(name) => self.add_name(&name.ident.to_string(), name.ident.to_string(), before),
            UseTree::Rename(name) => self.add_name(&name.ident.to_string(), name.rename.to_string(), before),
            UseTree::Glob(_) => drop(self.paths.insert(before.clone())),
        }
    }

    fn add_name(&mut self, name: &str, alias: String, before: &[String]) {
        // `use a::{self}` takes `a` itself.
        let path = match name {
            "self" => before.to_vec(),
            _ => [before, &[name.to_owned()]].concat(),
        };
        let alias = if alias == "self" { path.last().cloned().unwrap_or_default() } else { alias };
        self.paths.insert(path.clone());
        self.uses.entry(alias).or_default().push(path);
    }
}

impl<'ast> Visit<'ast> for File {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::os)` names a module and takes nothing from it.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

fn is_test(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return false,
    };
    let is_test = |list: &syn::MetaList| list.path.is_ident("cfg") && list.tokens.to_string() == "test";
    attributes.iter().any(|attribute| attribute.meta.require_list().is_ok_and(is_test))
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

struct Program {
    files: BTreeMap<Module, File>,
}

impl Program {
    fn new(files: impl IntoIterator<Item = (String, String)>) -> Program {
        let parsed = files.into_iter().map(|(path, text)| (module_of(&path), File::parse(&path, &text)));
        Program { files: parsed.collect() }
    }

    /// The modules whose files define what a path leads to, on any system; none where it leads out of the program.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Vec<Module> {
        match self.start(from, path) {
            Some((at, rest)) => self.follow(at, rest, depth),
            None => Vec::new(),
        }
    }

    /// The module that a path starts in, and the rest of the path.
    fn start<'a>(&self, from: &Module, path: &'a [String]) -> Option<(Module, &'a [String])> {
        let first = path.first()?;
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (Module::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => (from[..from.len().checked_sub(1)?].to_vec(), &path[1..]),
            _ => {
                let child = [&from[..], &path[..1]].concat();
                let here = self.files.get(from)?;
                if !self.files.contains_key(&child) && !here.uses.contains_key(first) {
                    return None;
                }
                (from.clone(), path)
            }
        };
        while rest.first().is_some_and(|segment| segment == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        Some((at, rest))
    }

    fn follow(&self, mut at: Module, mut rest: &[String], depth: usize) -> Vec<Module> {
        while let Some(segment) = rest.first() {
            let child = [&at[..], &rest[..1]].concat();
            if self.files.contains_key(&child) {
                (at, rest) = (child, &rest[1..]);
                continue;
            }
            let Some(file) = self.files.get(&at) else { return Vec::new() };
            return match file.uses.get(segment) {
                Some(others) if depth <= 16 && !file.defines.contains(segment) => {
                    let paths = others.iter().map(|other| [&other[..], &rest[1..]].concat());
                    paths.flat_map(|path| self.resolve(&at, &path, depth + 1)).collect()
                }
                _ => vec![at],
            };
        }
        vec![at]
    }

    /// Which files each file imports from.
    fn imports(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let of = |(module, file): (&'_ Module, &File)| -> BTreeSet<Module> {
            let resolved = file.paths.iter().flat_map(|path| self.resolve(module, path, 0));
            resolved.filter(|other| other != module).collect()
        };
        self.files.iter().map(|(module, file)| (module, of((module, file)))).collect()
    }

    /// A circle of files, each importing from the next, where there is one.
    fn circle(&self) -> Option<Vec<String>> {
        fn visit<'a>(
            module: &'a Module,
            imports: &'a BTreeMap<&Module, BTreeSet<Module>>,
            done: &mut BTreeSet<&'a Module>,
            trail: &mut Vec<&'a Module>,
        ) -> bool {
            if trail.contains(&module) {
                trail.push(module);
                return true;
            }
            if !done.insert(module) {
                return false;
            }
            trail.push(module);
            let found = imports[module].iter().any(|next| visit(next, imports, done, trail));
            if !found {
                trail.pop();
            }
            found
        }
        let imports = self.imports();
        let mut done = BTreeSet::new();
        for module in imports.keys() {
            let mut trail = Vec::new();
            if visit(module, &imports, &mut done, &mut trail) {
                let last = trail.last()?;
                let start = trail.iter().position(|module| module == last)?;
                return Some(trail[start..].iter().map(|module| self.files[*module].path.clone()).collect());
            }
        }
        None
    }

    /// The imports that the table does not allow.
    fn forbidden(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (module, others) in self.imports() {
            let Some(top) = module.first() else { continue };
            let path = &self.files[module].path;
            let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| name == top) else {
                found.push(format!("{path}: {top} is not in the table of imports"));
                continue;
            };
            let others: BTreeSet<&String> = others.iter().filter_map(|other| other.first()).collect();
            for other in others {
                if other != top && !allowed.contains(&other.as_str()) {
                    found.push(format!("{path}: {top} may not import {other}"));
                }
            }
        }
        found
    }
}

fn module_of(path: &str) -> Module {
    let inside = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let parts = inside.split('/').filter(|part| !matches!(*part, "mod" | "lib"));
    parts.map(str::to_owned).collect()
}

fn program() -> Program {
    // main.rs stands outside the library.
    let is_inside = |file: &tidy::File| file.path.starts_with("src/") && file.path != "src/main.rs";
    let files: Vec<_> = tidy::sources().into_iter().filter(is_inside).collect();
    assert!(files.len() > 80, "the sources are found");
    Program::new(files.into_iter().map(|file| (file.path, file.text)))
}

fn planted(files: &[(&str, &str)]) -> Program {
    Program::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
}

#[test]
fn the_table_itself_has_no_circle() {
    for (at, (module, allowed)) in IMPORTS.iter().enumerate() {
        let above: Vec<&str> = IMPORTS[..at].iter().map(|(name, _)| *name).collect();
        assert!(allowed.iter().all(|other| above.contains(other)), "{module}");
    }
}

#[test]
fn modules_import_along_the_table() {
    let other = [
        ("src/lib.rs", "pub mod model; pub mod query; pub mod render;"),
        ("src/model/mod.rs", "pub struct Row;"),
        ("src/query/mod.rs", "pub mod filter; pub fn ask() {}"),
        ("src/query/filter.rs", "pub struct Filter;"),
    ];
    for (path, text) in [
        ("src/render/table.rs", "use crate::query::filter::Filter;"),
        ("src/render/table.rs", "fn f() { crate::query::ask() }"),
        ("src/render/table.rs", "use crate::{model::Row, query};"),
        ("src/render/table.rs", "use super::super::query::ask as q;"),
        ("src/brand_new.rs", ""),
    ] {
        assert_eq!(planted(&[&other[..], &[(path, text)]].concat()).forbidden().len(), 1, "{text}");
    }
    let fine = "use crate::model::Row;\n// crate::query is elsewhere\n#[cfg(test)] mod tests { use crate::query::ask; }";
    assert!(planted(&[&other[..], &[("src/render/table.rs", fine)]].concat()).forbidden().is_empty());
    assert_eq!(program().forbidden(), [""; 0]);
}

#[test]
fn no_files_import_in_a_circle() {
    let circle = planted(&[
        ("src/a/mod.rs", "mod b; mod c; pub use self::b::B;"),
        ("src/a/b.rs", "use super::c::C; pub struct B;"),
        ("src/a/c.rs", "use super::d::D; pub struct C;"),
        ("src/a/d.rs", "pub struct D; fn f(b: super::B) {}"),
    ]);
    assert_eq!(circle.circle().unwrap().len(), 4, "through what mod.rs re-exports");
    let on_one_system = planted(&[
        ("src/a/mod.rs", "mod b; mod c; #[cfg(windows)] use b as it; #[cfg(unix)] use c as it;"),
        ("src/a/b.rs", "use super::d::D; pub struct B;"),
        ("src/a/c.rs", "pub struct B;"),
        ("src/a/d.rs", "use super::it::B; pub struct D;"),
    ]);
    assert!(on_one_system.circle().is_some(), "where it means b");
    let none = planted(&[
        ("src/a/mod.rs", "mod b; mod c; pub use self::b::B; fn f() { c::g() }"),
        ("src/a/b.rs", "pub struct B;"),
        ("src/a/c.rs", "use super::B; pub fn g() {}"),
    ]);
    assert_eq!(none.circle(), None, "c takes B from b, and not from mod.rs");
    assert_eq!(program().circle(), None);
}
