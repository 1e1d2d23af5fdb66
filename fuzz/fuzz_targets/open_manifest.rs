//! Reading a manifest gives a manifest or an error; a manifest survives a round trip through JSON.
#![no_main]

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognate_index::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(json) = std::str::from_utf8(data) {
        check(json);
    }
    check(&with_deleted(data));
});

fn check(json: &str) {
    let read = |json: &str| Manifest::from_json(json, Path::new("manifest.json"));
    let Ok(manifest) = read(json) else {
        return;
    };
    let rows = manifest.rows();
    assert!(manifest.deleted().max().is_none_or(|row| row < rows));
    assert_eq!(read(&manifest.to_json()).expect("a written manifest can be read"), manifest);
}

/// Returns a manifest that is valid except for the given bitmap of deleted rows. Fuzzing the JSON
/// alone would rarely change the bitmap, which is in base64.
fn with_deleted(bitmap: &[u8]) -> String {
    let fields = format!(
        concat!(
            r#""format":1,"dim":4,"segments":[{{"file":"segment-00000001.vec","rows":200000}}],"#,
            r#""deleted":"{}""#
        ),
        STANDARD.encode(bitmap)
    );
    format!(
        r#"{{{fields},"crc32":"{:08x}"}}"#,
        crc32fast::hash(fields.as_bytes())
    )
}
