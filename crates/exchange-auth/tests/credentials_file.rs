//! Reading credentials from real files.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::path::PathBuf;

use exchange_auth::{Credentials, CredentialsError, kraken};
use tempfile::TempDir;

const SECRET: &str = "c2VjcmV0";

fn file_with(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("credentials");
    fs::write(&path, content).unwrap();
    set_mode(&path, 0o600);
    (directory, path)
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &std::path::Path, _: u32) {}

#[test]
fn what_is_read_signs_as_what_is_given() {
    let (_directory, path) = file_with(format!("# bot\nkey = abc\nsecret = {SECRET}\notp = 42\n"));
    let read = Credentials::from_file(&path).unwrap();
    let given = Credentials::new("abc", SECRET).unwrap().with_otp("42");
    assert_eq!(read.key(), given.key());
    assert_eq!(read.otp(), given.otp());
    let signed = |credentials: &Credentials| {
        kraken::sign(credentials.secret(), "/0/private/Balance", "1", b"nonce=1")
    };
    assert_eq!(signed(&read), signed(&given));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_get_at_is_refused_with_its_mode() {
    let (_directory, path) = file_with(format!("key = abc\nsecret = {SECRET}\n"));
    for bit in [0o001, 0o002, 0o004, 0o010, 0o020, 0o040] {
        let mode = 0o600 | bit;
        set_mode(&path, mode);
        let error = Credentials::from_file(&path).unwrap_err();
        assert!(
            matches!(error, CredentialsError::FileTooOpen { mode: found, .. } if found == mode)
        );
        let message = error.to_string();
        assert!(message.contains(&format!("mode {mode:04o}")), "{message}");
        assert!(
            message.contains(&format!("chmod 600 {}", path.display())),
            "{message}"
        );
        assert!(!format!("{message}{error:?}").contains(SECRET));
    }
    for mode in [0o600, 0o400, 0o700] {
        set_mode(&path, mode);
        assert!(Credentials::from_file(&path).is_ok(), "{mode:o}");
    }
}

/// The mode that counts is that of the file, not of a link to it.
#[cfg(unix)]
#[test]
fn a_link_is_followed() {
    let (directory, path) = file_with(format!("key = abc\nsecret = {SECRET}\n"));
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(Credentials::from_file(&link).is_ok());
    set_mode(&path, 0o644);
    assert!(matches!(
        Credentials::from_file(&link),
        Err(CredentialsError::FileTooOpen { .. })
    ));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (directory, _path) = file_with("");
    let missing = directory.path().join("missing");
    let error = Credentials::from_file(&missing).unwrap_err();
    assert!(matches!(error, CredentialsError::FileUnreadable { .. }));
    assert!(
        error.to_string().contains(missing.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn what_cannot_be_a_credentials_file_is_refused() {
    let (_directory, path) = file_with(b"key = \xff\n");
    assert!(matches!(
        Credentials::from_file(&path),
        Err(CredentialsError::FileNotText { .. })
    ));

    let entries = format!("key = abc\nsecret = {SECRET}\n");
    let filled_to = |length: usize| entries.clone() + &"#".repeat(length - entries.len());
    fs::write(&path, filled_to(16 * 1024)).unwrap();
    assert!(Credentials::from_file(&path).is_ok());
    fs::write(&path, filled_to(16 * 1024 + 1)).unwrap();
    assert!(matches!(
        Credentials::from_file(&path),
        Err(CredentialsError::FileTooLong { .. })
    ));
}
