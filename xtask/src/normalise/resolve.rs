//! Following `$ref`s, with what stands beside them laid over the target.

use serde_json::Value;

use crate::problem::join;

/// A schema (or other node) with its `$ref`s followed.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The node itself.
    pub value: Value,
    /// Where it stands.
    pub pointer: String,
    /// Key of the component it came from, if it was referred to.
    pub component: Option<String>,
}

/// Follows the `$ref` of `node`, if it is one.
///
/// Members beside a `$ref` win over the target's: OpenAPI 3.0 ignores them, but the overlays put
/// our own extensions there. Fails with the reference that leads nowhere or back to itself.
pub fn resolve(document: &Value, node: &Value, pointer: &str) -> Result<Resolved, String> {
    let mut current = Resolved {
        value: node.clone(),
        pointer: pointer.to_owned(),
        component: None,
    };
    for _ in 0..16 {
        let Some(reference) = current.value.get("$ref").and_then(Value::as_str) else {
            return Ok(current);
        };
        let reference = reference.to_owned();
        let target = target(document, &reference)
            .ok_or_else(|| format!("the reference {reference} leads nowhere"))?;
        let mut value = target.clone();
        if let (Value::Object(value), Value::Object(beside)) = (&mut value, &current.value) {
            for (key, member) in beside {
                if key != "$ref" && key != "example" {
                    value.insert(key.clone(), member.clone());
                }
            }
        }
        current = Resolved {
            value,
            pointer: reference.trim_start_matches('#').to_owned(),
            component: reference.rsplit('/').next().map(unescape),
        };
    }
    Err(format!(
        "the references at {pointer} go round in a circle or are more than 16 deep"
    ))
}

/// The node a local reference names.
pub fn target<'d>(document: &'d Value, reference: &str) -> Option<&'d Value> {
    document.pointer(reference.strip_prefix('#')?)
}

/// Every `$ref` in the document with the pointer of the node that holds it.
pub fn references(node: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
    match node {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push((pointer.to_owned(), reference.clone()));
            }
            for (key, value) in map {
                // What looks like a reference inside an example is data.
                if key != "example" && key != "examples" && key != "default" {
                    references(value, &join(pointer, key), found);
                }
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                references(value, &join(pointer, &index.to_string()), found);
            }
        }
        _ => {}
    }
}

fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_beside_a_reference_wins() {
        let document =
            json!({"components": {"schemas": {"a": {"type": "string", "description": "old"}}}});
        let node =
            json!({"$ref": "#/components/schemas/a", "description": "new", "x-format": "decimal"});
        let resolved = resolve(&document, &node, "/here").unwrap();
        assert_eq!(resolved.component.as_deref(), Some("a"));
        assert_eq!(resolved.pointer, "/components/schemas/a");
        assert_eq!(
            resolved.value,
            json!({"type": "string", "description": "new", "x-format": "decimal"})
        );
    }

    #[test]
    fn circles_and_dangling_references_end() {
        let document = json!({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}});
        assert!(
            resolve(&document, &document["a"], "/a")
                .unwrap_err()
                .contains("circle")
        );
        let lost = json!({"$ref": "#/nowhere"});
        assert!(
            resolve(&document, &lost, "/x")
                .unwrap_err()
                .contains("#/nowhere")
        );
        let foreign = json!({"$ref": "other.yaml#/a"});
        assert!(resolve(&document, &foreign, "/x").is_err());
    }
}
