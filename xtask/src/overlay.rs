//! Stage 2: OpenAPI Overlay 1.0 actions, applied in order.
//!
//! An action whose target matches nothing is a problem: that is how we notice that the vendor
//! mended the fact the action corrects. For another description (`--spec`) it is a warning.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::{
    load::Loaded,
    problem::{Problem, join},
};

/// What applying an overlay gives.
#[derive(Debug, Default)]
pub struct Applied {
    /// Actions that changed something.
    pub applied: usize,
    /// Actions whose target matched nothing.
    pub unmatched: Vec<Problem>,
    /// Actions that can't be carried out at all.
    pub problems: Vec<Problem>,
}

/// Applies every action of `overlay` to `document`.
pub fn apply(document: &mut Value, overlay: &Loaded) -> Applied {
    let mut outcome = Applied::default();
    let version = overlay.value.get("overlay").and_then(Value::as_str);
    if !version.is_some_and(|version| version.starts_with("1.")) {
        outcome.problems.push(problem(
            overlay,
            "/overlay",
            "this is not an OpenAPI Overlay 1.x document".to_owned(),
            Some("start the file with `overlay: 1.0.0`, `info` and `actions`".to_owned()),
        ));
        return outcome;
    }
    let Some(actions) = overlay.value.get("actions").and_then(Value::as_array) else {
        outcome.problems.push(problem(
            overlay,
            "/actions",
            "the overlay has no list of `actions`".to_owned(),
            None,
        ));
        return outcome;
    };
    for (index, action) in actions.iter().enumerate() {
        apply_action(document, overlay, index, action, &mut outcome);
    }
    outcome
}

fn apply_action(
    document: &mut Value,
    overlay: &Loaded,
    index: usize,
    action: &Value,
    outcome: &mut Applied,
) {
    let pointer = format!("/actions/{index}");
    let Some(target) = action.get("target").and_then(Value::as_str) else {
        outcome.problems.push(problem(
            overlay,
            &pointer,
            format!("action {} has no `target`", index + 1),
            None,
        ));
        return;
    };
    if action
        .get("description")
        .and_then(Value::as_str)
        .is_none_or(|text| text.trim().is_empty())
    {
        outcome.problems.push(problem(
            overlay,
            &pointer,
            format!("action {} on {target} does not say why", index + 1),
            Some("give it a `description`: the fact and how sure it is".to_owned()),
        ));
    }
    unknown_members(overlay, &pointer, action, outcome);
    if let Some(update) = action.get("update") {
        unknown_words(overlay, &pointer, update, outcome);
    }
    let path = match JsonPath::parse(target) {
        Ok(path) => path,
        Err(error) => {
            outcome.problems.push(problem(
                overlay,
                &pointer,
                format!(
                    "action {} has a bad JSONPath, {target}: {error}",
                    index + 1
                ),
                Some("write the target as RFC 9535 says, for instance $.paths['/private/AddOrder'].post".to_owned()),
            ));
            return;
        }
    };
    let remove = action.get("remove").and_then(Value::as_bool) == Some(true);
    let update = action.get("update");
    if !remove && update.is_none() {
        outcome.problems.push(problem(
            overlay,
            &pointer,
            format!(
                "action {} on {target} neither updates nor removes",
                index + 1
            ),
            None,
        ));
        return;
    }
    let update = match update
        .map(|update| with_found_references(document, update))
        .transpose()
    {
        Ok(update) => update,
        Err(path) => {
            outcome.unmatched.push(problem(
                overlay,
                &pointer,
                format!(
                    "action {} refers to what is not there exactly once: {path}",
                    index + 1
                ),
                Some("correct the path in `$ref`, or drop the action".to_owned()),
            ));
            return;
        }
    };
    let follow = action.get("x-follow").and_then(Value::as_bool) == Some(true);
    with_own_parameters(document, target, &path);
    let pointers = places(document, target, &path, follow);
    if pointers.is_empty() {
        outcome.unmatched.push(problem(
            overlay,
            &pointer,
            format!("action {} matches nothing: {target}", index + 1),
            Some(
                "the vendor may have mended this: drop the action, or correct its target"
                    .to_owned(),
            ),
        ));
        return;
    }
    if remove && pointers.iter().any(String::is_empty) {
        outcome.problems.push(problem(
            overlay,
            &pointer,
            format!("action {} would remove the whole description", index + 1),
            Some("name the part that has to go".to_owned()),
        ));
        return;
    }
    carry_out(document, pointers, update.as_ref().filter(|_| !remove));
    outcome.applied += 1;
}

/// Merges the update into all places, or removes them.
fn carry_out(document: &mut Value, mut pointers: Vec<String>, update: Option<&Value>) {
    // From the back, so that removing an array element does not move the ones still to come.
    pointers.sort_by_key(|pointer| pointer_order(pointer));
    for pointer in pointers.iter().rev() {
        match (document.pointer_mut(pointer), update) {
            (Some(node), Some(update)) => merge(node, update),
            _ => remove_at(document, pointer),
        }
    }
}

/// Gives operations a parameter of their own, where they refer to one that the target looks for.
///
/// A filter does not look through references. What an action says of a parameter of one operation
/// holds for that one, and not for all that share it.
fn with_own_parameters(document: &mut Value, target: &str, path: &JsonPath) {
    let Some((operations, _)) = target.split_once(".parameters[?") else {
        return;
    };
    let Ok(operations) = JsonPath::parse(operations) else {
        return;
    };
    for operation in located(document, &operations) {
        let list = format!("{operation}/parameters");
        let count = document.pointer(&list).and_then(Value::as_array);
        for index in 0..count.map_or(0, Vec::len) {
            let place = format!("{list}/{index}");
            let shared = referred(document, &place);
            let Some(own) = shared.and_then(|shared| document.pointer(&shared).cloned()) else {
                continue;
            };
            let before = located(document, path).len();
            let Some(parameter) = document.pointer_mut(&place) else {
                continue;
            };
            let reference = std::mem::replace(parameter, own);
            if located(document, path).len() == before
                && let Some(parameter) = document.pointer_mut(&place)
            {
                *parameter = reference;
            }
        }
    }
}

/// Where an action changes something.
fn places(document: &Value, target: &str, path: &JsonPath, follow: bool) -> Vec<String> {
    let mut pointers = located(document, path);
    if pointers.is_empty() {
        pointers.extend(through_references(document, target));
    }
    if follow {
        // The component itself, for all who refer to it.
        for pointer in &mut pointers {
            if let Some(further) = referred(document, pointer) {
                *pointer = further;
            }
        }
        pointers.sort_unstable();
        pointers.dedup();
    }
    pointers
}

fn located(document: &Value, path: &JsonPath) -> Vec<String> {
    path.query_located(document)
        .locations()
        .map(serde_json_path::NormalizedPath::to_json_pointer)
        .collect()
}

/// Where a target made of names and numbers only leads when it follows the references on its way.
///
/// So an action can name a place by the operation it is met in, whatever the vendor calls the
/// component that describes it. A reference at the very end stays what it is.
fn through_references(document: &Value, target: &str) -> Option<String> {
    let mut at = String::new();
    for step in steps(target)? {
        let mut here = at.clone();
        for _ in 0..16 {
            let next = join(&here, &step);
            if document.pointer(&next).is_some() {
                here = next;
                break;
            }
            let reference = document.pointer(&here)?.get("$ref")?.as_str()?;
            reference.strip_prefix('#')?.clone_into(&mut here);
        }
        document.pointer(&here)?;
        at = here;
    }
    Some(at)
}

/// The names and numbers of a JSONPath that has nothing else.
fn steps(path: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        let step;
        if let Some(after) = rest.strip_prefix("['") {
            // A quote or backslash in a name would be escaped; no name of a description has one.
            (step, rest) = after.split_once("']")?;
            if step.contains(['\'', '\\', ',']) {
                return None;
            }
        } else if let Some(after) = rest.strip_prefix('[') {
            (step, rest) = after.split_once(']')?;
            if !step.chars().all(|c| c.is_ascii_digit()) {
                return None;
            }
        } else {
            let after = rest.strip_prefix('.')?;
            let end = after.find(['.', '[']).unwrap_or(after.len());
            (step, rest) = after.split_at(end);
            if !step.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return None;
            }
        }
        if step.is_empty() {
            return None;
        }
        steps.push(step.to_owned());
    }
    Some(steps)
}

/// An update whose `$ref`s are references: one that is a JSONPath stands for the one place it
/// finds. `Err` holds the path that does not find exactly one.
fn with_found_references(document: &Value, update: &Value) -> Result<Value, String> {
    Ok(match update {
        Value::Object(map) => {
            let mut found = serde_json::Map::new();
            for (key, value) in map {
                let value = match value {
                    Value::String(path) if key == "$ref" && path.starts_with('$') => {
                        Value::String(reference(document, path).ok_or_else(|| path.clone())?)
                    }
                    value => with_found_references(document, value)?,
                };
                found.insert(key.clone(), value);
            }
            Value::Object(found)
        }
        Value::Array(list) => list
            .iter()
            .map(|value| with_found_references(document, value))
            .collect::<Result<_, _>>()?,
        other => other.clone(),
    })
}

/// The reference to the one place that a JSONPath finds; to where it leads if that is a reference.
fn reference(document: &Value, path: &str) -> Option<String> {
    let mut found = located(document, &JsonPath::parse(path).ok()?);
    if found.is_empty() {
        found.extend(through_references(document, path));
    }
    let [pointer] = found.as_slice() else {
        return None;
    };
    let further = referred(document, pointer);
    Some(format!("#{}", further.as_ref().unwrap_or(pointer)))
}

/// Where the reference at a place leads.
fn referred(document: &Value, pointer: &str) -> Option<String> {
    let reference = document.pointer(pointer)?.get("$ref")?.as_str()?;
    reference.strip_prefix('#').map(str::to_owned)
}

/// Our extensions; a misspelt one would do nothing and say nothing.
const EXTENSIONS: &[&str] = &[
    "x-additionalPropertiesName",
    "x-alias",
    "x-comma-separated",
    "x-constant",
    "x-doc",
    "x-doc-base",
    "x-doc-url",
    "x-effect",
    "x-field-name",
    "x-format",
    "x-item-enum",
    "x-map-name",
    "x-name",
    "x-optional-result",
    "x-pace",
    "x-placeholder",
    "x-tuple",
    "x-tuple-doc",
    "x-tuple-name",
    "x-variant-names",
];

/// Reports every member that no action has.
fn unknown_members(overlay: &Loaded, pointer: &str, action: &Value, outcome: &mut Applied) {
    const MEMBERS: [&str; 5] = ["target", "description", "update", "remove", "x-follow"];
    for (key, _) in action.as_object().into_iter().flatten() {
        if !MEMBERS.contains(&key.as_str()) {
            outcome.problems.push(problem(
                overlay,
                pointer,
                format!("`{key}` is no member of an action"),
                Some(format!("an action has {}", MEMBERS.join(", "))),
            ));
        }
    }
}

/// Reports every key of an update that looks like an extension of ours and is none.
fn unknown_words(overlay: &Loaded, pointer: &str, update: &Value, outcome: &mut Applied) {
    match update {
        Value::Object(map) => {
            for (key, value) in map {
                // Parameters and headers are named in values, never in keys.
                if key.starts_with("x-") && !EXTENSIONS.contains(&key.as_str()) {
                    outcome.problems.push(problem(
                        overlay,
                        pointer,
                        format!("`{key}` is no extension of this generator"),
                        Some(format!("use one of: {}", EXTENSIONS.join(", "))),
                    ));
                }
                unknown_words(overlay, pointer, value, outcome);
            }
        }
        Value::Array(list) => {
            for value in list {
                unknown_words(overlay, pointer, value, outcome);
            }
        }
        _ => {}
    }
}

/// Sort key that puts array positions in the order of their numbers.
fn pointer_order(pointer: &str) -> Vec<(usize, String)> {
    pointer
        .split('/')
        .map(|segment| match segment.parse::<usize>() {
            Ok(number) => (number, String::new()),
            Err(_) => (0, segment.to_owned()),
        })
        .collect()
}

fn remove_at(document: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            // `shift_remove` would be the default for an ordered map; say it, order matters here.
            map.shift_remove(&last);
        }
        Some(Value::Array(list)) => {
            if let Ok(index) = last.parse::<usize>()
                && index < list.len()
            {
                list.remove(index);
            }
        }
        _ => {}
    }
}

/// The overlay's merge: objects deeply, arrays appended, everything else replaced.
fn merge(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => {
            for (key, value) in update {
                match node.get_mut(key) {
                    Some(existing) => merge(existing, value),
                    None => {
                        node.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(node), Value::Array(update)) => node.extend(update.iter().cloned()),
        (Value::Array(node), update) => node.push(update.clone()),
        (node, update) => *node = update.clone(),
    }
}

fn problem(overlay: &Loaded, pointer: &str, reason: String, mend: Option<String>) -> Problem {
    Problem {
        file: overlay.file.clone(),
        operation: None,
        pointer: pointer.to_owned(),
        reason,
        mend,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn overlay(actions: &Value) -> Loaded {
        Loaded {
            file: "t.overlay.yaml".to_owned(),
            value: json!({"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": actions}),
            digest: String::new(),
        }
    }

    #[test]
    fn objects_merge_arrays_append_scalars_replace() {
        let mut document = json!({"a": {"b": 1, "list": [1], "keep": true}});
        let applied = apply(
            &mut document,
            &overlay(
                &json!([{"target": "$.a", "description": "d", "update": {"b": 2, "list": [2], "c": {"x": 1}}}]),
            ),
        );
        assert_eq!(applied.applied, 1);
        assert_eq!(
            document,
            json!({"a": {"b": 2, "list": [1, 2], "keep": true, "c": {"x": 1}}})
        );
    }

    /// A description whose components may be called anything.
    fn referring() -> Value {
        json!({
            "paths": {"/a/b": {"get": {"schema": {"$ref": "#/components/schemas/x~1y"}}}},
            "components": {"schemas": {
                "x/y": {"properties": {"result": {"$ref": "#/components/schemas/z"}}},
                "z": {"properties": {"id": {"type": "string"}, "time": {}}},
            }},
        })
    }

    #[test]
    fn a_target_of_names_goes_through_references() {
        let mut document = referring();
        let applied = apply(
            &mut document,
            &overlay(&json!([
                {"target": "$.paths['/a/b'].get.schema.properties.result.properties.id",
                 "description": "d", "update": {"x-format": "decimal"}},
                // The last reference is a place of its own.
                {"target": "$.paths['/a/b'].get.schema.properties.result",
                 "description": "d", "update": {"x-name": "Z"}},
                {"target": "$.paths['/a/b'].get.schema", "x-follow": true,
                 "description": "d", "update": {"title": "the component"}},
                {"target": "$.paths['/a/b'].get.schema.properties.nothing",
                 "description": "d", "remove": true},
                {"target": "$.paths['/a/b'].get.schema.properties[?@.type]",
                 "description": "d", "remove": true},
            ])),
        );
        assert_eq!(applied.applied, 3);
        assert_eq!(applied.unmatched.len(), 2);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["z"]["properties"]["id"]["x-format"], "decimal");
        assert_eq!(
            schemas["x/y"]["properties"]["result"],
            json!({"$ref": "#/components/schemas/z", "x-name": "Z"})
        );
        assert_eq!(schemas["z"].get("x-name"), None);
        assert_eq!(schemas["x/y"]["title"], "the component");
    }

    #[test]
    fn a_shared_parameter_is_found_and_changed_for_one_operation() {
        let shared = json!({"name": "pair", "schema": {"type": "string"}});
        let reference = json!({"$ref": "#/components/parameters/p"});
        let mut document = json!({
            "paths": {
                "/a": {"get": {"parameters": [{"name": "x"}, reference]}},
                "/b": {"get": {"parameters": [reference]}},
            },
            "components": {"parameters": {"p": shared}},
        });
        let actions = json!([{
            "target": "$.paths['/a'].get.parameters[?@.name=='pair'].schema",
            "description": "why",
            "update": {"x-format": "asset-list"},
        }]);
        let outcome = apply(&mut document, &overlay(&actions));
        assert_eq!((outcome.applied, outcome.unmatched.len()), (1, 0));
        let own = &document["paths"]["/a"]["get"]["parameters"];
        assert_eq!(own[1]["schema"]["x-format"], "asset-list");
        assert_eq!(own[0], json!({"name": "x"}));
        assert_eq!(document["paths"]["/b"]["get"]["parameters"][0], reference);
        assert_eq!(document["components"]["parameters"]["p"], shared);
    }

    #[test]
    fn a_reference_may_be_a_path_to_the_one_place() {
        let mut document = referring();
        let applied = apply(
            &mut document,
            &overlay(&json!([
                {"target": "$.paths['/a/b'].get", "description": "d", "update": {
                    "one": [{"$ref": "$.components.schemas[?@.properties.time]"}],
                    "two": {"$ref": "$.paths['/a/b'].get.schema.properties.result"},
                }},
                {"target": "$", "description": "d",
                 "update": {"$ref": "$.components.schemas[?@.properties]"}},
                {"target": "$", "description": "d", "update": {"$ref": "$.nothing"}},
            ])),
        );
        assert_eq!(applied.applied, 1);
        assert_eq!(applied.unmatched.len(), 2);
        let get = &document["paths"]["/a/b"]["get"];
        assert_eq!(get["one"][0]["$ref"], "#/components/schemas/z");
        assert_eq!(get["two"]["$ref"], "#/components/schemas/z");
    }

    #[test]
    fn removing_several_array_elements_removes_the_right_ones() {
        let mut document = json!({"list": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]});
        apply(
            &mut document,
            &overlay(
                &json!([{"target": "$.list[?@ == 2 || @ == 10 || @ == 11]", "description": "d", "remove": true}]),
            ),
        );
        assert_eq!(document, json!({"list": [0, 1, 3, 4, 5, 6, 7, 8, 9]}));
    }

    #[test]
    fn bad_actions_are_named_one_by_one() {
        let mut document = json!({"a": 1});
        let applied = apply(
            &mut document,
            &overlay(&json!([
                {"target": "$.paths[", "description": "d", "remove": true},
                {"target": "$.nothing", "description": "d", "remove": true},
                {"description": "d", "remove": true},
                {"target": "$.a", "description": "d"},
                {"target": "$.a", "update": 2},
                {"target": "$", "description": "d", "remove": true}
            ])),
        );
        assert_eq!(applied.unmatched.len(), 1);
        assert!(
            applied.unmatched[0]
                .reason
                .contains("action 2 matches nothing: $.nothing")
        );
        let reasons: Vec<_> = applied.problems.iter().map(|p| p.reason.as_str()).collect();
        assert_eq!(reasons.len(), 5, "{reasons:?}");
        assert!(reasons[0].contains("action 1 has a bad JSONPath"));
        assert_eq!(applied.problems[0].file, "t.overlay.yaml");
    }

    #[test]
    fn a_misspelt_extension_is_named() {
        let mut document = json!({"a": {}});
        let applied = apply(
            &mut document,
            &overlay(
                &json!([{"target": "$.a", "description": "d", "x-folow": true, "update": {"b": [{"x-formt": "decimal"}]}}]),
            ),
        );
        assert_eq!(applied.problems.len(), 2);
        assert!(applied.problems[0].reason.contains("`x-folow`"));
        assert!(applied.problems[1].reason.contains("`x-formt`"));
    }

    #[test]
    fn what_is_no_overlay_is_refused() {
        let mut document = json!({});
        let loaded = Loaded {
            file: "x".into(),
            value: json!({"openapi": "3.0.0"}),
            digest: String::new(),
        };
        assert_eq!(apply(&mut document, &loaded).problems.len(), 1);
    }
}
