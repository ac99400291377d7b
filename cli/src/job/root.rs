//! The tree that is searched when none is named. Not the walk over it.

use crate::job::RootError;
use std::env;
use std::fs;
use std::path::PathBuf;

/// The sources in the cargo registry: there are some wherever something was built.
///
/// Where the registry holds the packages of one index only, its folder is the root: names start with the package then.
///
/// # Errors
///
/// [`RootError::NoRegistry`] when there is none, or nobody's home is known.
pub fn default_root() -> Result<PathBuf, RootError> {
    let cargo_home = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = cargo_home.or_else(|| Some(env::home_dir()?.join(".cargo"))).unwrap_or_default();
    registry_below(home)
}

fn registry_below(cargo_home: PathBuf) -> Result<PathBuf, RootError> {
    let sources = cargo_home.join("registry").join("src");
    let Ok(indices) = fs::read_dir(&sources) else { return Err(RootError::NoRegistry(sources)) };
    let mut folders = indices.flatten().map(|index| index.path()).filter(|index| index.is_dir());
    match (folders.next(), folders.next()) {
        (None, _) => Err(RootError::NoRegistry(sources)),
        (Some(only), None) => Ok(only),
        _ => Ok(sources),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_registry_is_named() {
        let error = registry_below(PathBuf::from("/no/such/home")).unwrap_err();
        assert_eq!(error, RootError::NoRegistry(PathBuf::from("/no/such/home/registry/src")));
        assert_eq!(
            error.to_string(),
            "there are no sources in the cargo registry /no/such/home/registry/src: run `cargo fetch`, or name a directory"
        );
    }
}
