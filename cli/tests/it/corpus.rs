//! A small tree of files, made from a seed, of which it is known what the job must find. Not random between runs.

use rendez_cli::job::{FileName, Rules, Skip, Skips};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A tree on disk and what is in it; gone when dropped.
pub(crate) struct Corpus {
    /// Where it is.
    pub(crate) root: PathBuf,
    /// The rules to search it with.
    pub(crate) rules: Rules,
    /// Who is a near-copy of whom: each cluster in the order of names, the clusters in the order of their first.
    pub(crate) clusters: Vec<Vec<FileName>>,
    /// Who is an exact copy of whom, in the same orders.
    pub(crate) groups: Vec<Vec<FileName>>,
    /// What takes no part.
    pub(crate) skips: Skips,
    /// How many files take part, exact copies included.
    pub(crate) files: u64,
}

/// The members of each cluster that the corpus has.
const CLUSTERS: [usize; 3] = [5, 3, 2];

/// How many files there are that resemble no other.
const LONERS: usize = 12;

impl Corpus {
    /// The corpus of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut corpus = Self {
            root: empty_folder(),
            rules: Rules { longest: 64 << 10, ..Rules::default() },
            clusters: Vec::new(),
            groups: Vec::new(),
            skips: Skips::default(),
            files: 0,
        };
        let mut random = XorShift::new(seed);
        corpus.add_near_copies(&mut random);
        corpus.add_exact_copies(&mut random);
        for loner in 0..LONERS {
            corpus.add_text(&format!("loners/{loner}.txt"), &random.text());
        }
        // The walk comes to the folder near0 before it, the order of names has it before what is in the folder.
        corpus.add_text("near0.txt", &random.text());
        // A folder is not boilerplate, whatever its name.
        corpus.add_text("license/mod.txt", &random.text());
        corpus.add_what_is_skipped(&mut random);
        corpus.clusters.sort();
        corpus.groups.sort();
        corpus
    }

    fn add_near_copies(&mut self, random: &mut XorShift) {
        for (number, members) in CLUSTERS.into_iter().enumerate() {
            let text = random.text();
            let mut cluster = Vec::new();
            for member in 0..members {
                let folder = random.below(4);
                let changed = random.change(&text);
                cluster.push(self.add_text(&format!("near{folder}/{number}_{member}.rs"), &changed));
            }
            // One of each has a name that is not UTF-8.
            let name = OsString::from_vec(format!("near0/{number}_").into_bytes().into_iter().chain([0xff]).collect());
            cluster.push(self.add(name, random.change(&text).as_bytes()));
            self.files += 1;
            cluster.sort();
            self.clusters.push(cluster);
        }
    }

    fn add_exact_copies(&mut self, random: &mut XorShift) {
        for group in 0..2 {
            let text = random.text();
            let names = (0..2 + group).map(|copy| self.add_text(&format!("exact{}/{group}.md", 2 - copy), &text));
            let mut names: Vec<FileName> = names.collect();
            names.sort();
            self.groups.push(names);
        }
    }

    fn add_what_is_skipped(&mut self, random: &mut XorShift) {
        let text = random.text();
        self.skip(".dotted.rs", text.as_bytes(), Skip::Dotted);
        // A dotted folder counts as one.
        self.skip(".dotted/one.rs", text.as_bytes(), Skip::Dotted);
        self.add(".dotted/two.rs", text.as_bytes());
        self.skip("skipped/LICENSE-MIT", text.as_bytes(), Skip::Boilerplate);
        self.skip("skipped/Cargo.lock", text.as_bytes(), Skip::Boilerplate);
        self.skip("skipped/short.rs", &[b'x'; 199], Skip::Short);
        self.skip("skipped/empty.rs", b"", Skip::Short);
        self.skip("skipped/long.rs", &vec![b'x'; (64 << 10) + 1], Skip::Long);
        self.skip("skipped/nul.bin", &[0; 300], Skip::Binary);
        self.skip("skipped/latin1.txt", &[b"text \xfc ".as_slice(); 50].concat(), Skip::Binary);
        symlink(self.root.join("near0"), self.root.join("near0/loop")).unwrap();
        symlink("..", self.root.join("skipped/up")).unwrap();
        symlink("nowhere", self.root.join("skipped/dangling")).unwrap();
        (0..3).for_each(|_| self.skips.count(Skip::Link));
        self.add_unreadable(text.as_bytes());
        fs::create_dir(self.root.join("skipped/folder-of-nothing")).unwrap();
    }

    /// A file without permissions. The superuser reads it nevertheless: there it is a file like any other.
    fn add_unreadable(&mut self, text: &[u8]) {
        let name = self.add("skipped/unreadable.rs", text);
        let path = name.under(&self.root);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read(&path).is_err() { self.skips.count(Skip::Unreadable) } else { self.files += 1 }
    }

    fn add_text(&mut self, name: &str, text: &str) -> FileName {
        self.files += 1;
        self.add(name, text.as_bytes())
    }

    fn skip(&mut self, name: &str, bytes: &[u8], why: Skip) {
        self.skips.count(why);
        self.add(name, bytes);
    }

    fn add(&mut self, name: impl Into<OsString>, bytes: &[u8]) -> FileName {
        let name = FileName::new(name);
        let path = name.under(&self.root);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        name
    }
}

impl Drop for Corpus {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// A new folder, for one test.
pub(crate) fn empty_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("corpus-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Marsaglia's xorshift with shifts 13, 7 and 17: the same numbers from the same seed, and good enough for tests.
pub(crate) struct XorShift(u64);

impl XorShift {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// 120 lines of words that hardly occur in another text.
    fn text(&mut self) -> String {
        (0..120).map(|_| self.line()).collect()
    }

    fn line(&mut self) -> String {
        let words: Vec<String> = (0..8).map(|_| format!("w{:x}", self.below(1 << 20))).collect();
        words.join(" ") + "\n"
    }

    /// The text with 4 of its lines, or fewer, written anew.
    fn change(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        for _ in 0..4 {
            let place = self.below(lines.len() as u64) as usize;
            lines[place] = self.line();
        }
        lines.concat()
    }
}
