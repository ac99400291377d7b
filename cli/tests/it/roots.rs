//! A directory that cannot be searched is named in one sentence that says what to do.

use crate::corpus::empty_folder;
use rendez_cli::job::{RootError, Rules, Walk};
use std::fs;
use std::path::Path;

fn refusal(path: &Path) -> RootError {
    Walk::new(path, Rules::default()).unwrap_err()
}

#[test]
fn an_unknown_directory() {
    let error = refusal(Path::new("/no/such/place"));
    assert_eq!(error, RootError::Unknown("/no/such/place".into()));
    assert_eq!(error.to_string(), "there is no directory /no/such/place: name one that exists");
}

#[test]
fn a_file_in_place_of_a_directory() {
    let folder = empty_folder();
    let file = folder.join("file");
    fs::write(&file, "text").unwrap();
    let error = refusal(&file);
    assert_eq!(error, RootError::NotADirectory(file.clone()));
    let text = format!("{} is a file: name the directory whose files are to be compared", file.display());
    assert_eq!(error.to_string(), text);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_path_below_a_file() {
    let error = refusal(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml/below"));
    assert!(matches!(error, RootError::Unreadable(..)), "{error:?}");
    assert!(error.to_string().contains("Cargo.toml/below (Not a directory"), "{error}");
}

#[test]
fn an_empty_directory() {
    let folder = empty_folder();
    let error = refusal(&folder);
    assert_eq!(error, RootError::Empty(folder.clone()));
    let text = format!("the directory {} is empty: name one with text files in it", folder.display());
    assert_eq!(error.to_string(), text);
    fs::remove_dir_all(folder).unwrap();
}
