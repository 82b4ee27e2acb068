//! Stage 6: progenitor's code becomes the client that a caller sees.
//!
//! One module a rule: `codecs` how values travel, `types` what they are in Rust, `tagged`
//! request variants, `checks` what is refused before sending, `builders` the calls, `table`
//! the operation table, `dispatch` calls by name for tools, `docs` documentation, [`surface`]
//! what reviewers read.

pub(crate) mod builders;
pub(crate) mod checks;
pub(crate) mod codecs;
mod dispatch;
mod docs;
pub mod surface;
mod table;
mod tagged;
pub(crate) mod types;

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::Item;

use self::types::{Generated, Piece};
use crate::{model::Model, problem::Problem};

/// A file to be written, before formatting.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Path below the API's output folder.
    pub path: String,
    /// What the file is about, for its first line.
    pub about: String,
    pieces: Vec<Piece>,
    /// Names that may need an import, with where they come from.
    local: BTreeSet<String>,
}

impl Draft {
    fn new(path: String, about: String) -> Self {
        Self {
            path,
            about,
            pieces: Vec::new(),
            local: BTreeSet::new(),
        }
    }

    fn push(&mut self, tokens: TokenStream) {
        self.pieces.push(Piece::Tokens(tokens));
    }

    /// The Rust text of the file's body, each item apart.
    pub fn body(&self) -> Result<String, syn::Error> {
        let mut blocks = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => blocks.push(text.clone()),
                Piece::Tokens(tokens) => {
                    let file: syn::File = syn::parse2(tokens.clone())?;
                    for item in file.items {
                        let single = syn::File {
                            items: vec![item],
                            attrs: Vec::new(),
                            ..file_like()
                        };
                        blocks.push(prettyplease::unparse(&single));
                    }
                }
            }
        }
        Ok(blocks.join("\n"))
    }

    /// The names the file's code uses that may have to be imported: identifiers that begin a path.
    pub fn used(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for piece in &self.pieces {
            // The macro calls only name types that the items beside them name, too.
            if let Piece::Tokens(tokens) = piece {
                collect_names(tokens.clone(), &mut used);
            }
        }
        used
    }

    /// Names defined in this file, which need no import.
    pub fn local(&self) -> &BTreeSet<String> {
        &self.local
    }
}

/// Identifiers that begin a path or name a method of a trait that must be in scope.
fn collect_names(tokens: TokenStream, used: &mut BTreeSet<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut before = ' ';
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                collect_names(group.stream(), used);
                before = ' ';
            }
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let begins_path = matches!(
                    tokens.peek(),
                    Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint
                );
                let is_type = name.starts_with(|c: char| c.is_ascii_uppercase());
                match before {
                    // `value.check(…)` needs the trait.
                    '.' if name == "check" => {
                        used.insert("Check".to_owned());
                    }
                    ':' | '.' => {}
                    _ if is_type || begins_path => {
                        used.insert(name);
                    }
                    _ => {}
                }
                before = ' ';
            }
            TokenTree::Punct(punct) => {
                // Only the second colon of `::` counts; `name: Type` has one.
                before = match (punct.as_char(), punct.spacing()) {
                    (':', Spacing::Joint) => 'j',
                    (':', Spacing::Alone) if before == 'j' => ':',
                    ('.', _) => '.',
                    _ => ' ',
                };
            }
            TokenTree::Literal(_) => before = ' ',
        }
    }
}

fn file_like() -> syn::File {
    syn::File {
        shebang: None,
        attrs: Vec::new(),
        items: Vec::new(),
        frontmatter: None,
    }
}

/// What was generated.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The files.
    pub files: Vec<Draft>,
    /// All generated types and the file each is in, for imports.
    pub types: BTreeMap<String, String>,
    /// What a caller sees of each operation.
    pub surface: Vec<surface::Surface>,
}

/// Turns progenitor's code into the files of the client.
pub fn rewrite(model: &Model, file: &syn::File) -> Result<Rewritten, Vec<Problem>> {
    let types_module = module(file, "types");
    let structs = types::collect(types_module, model);
    let built = builders::collect(module(file, "builder"));
    let checked = checks::checked(model, &structs);
    let calls = builders::calls(model, &built, &structs)?;
    let generated = types::write(model, &structs, &checked).map_err(|problem| vec![problem])?;

    let mut files = Vec::new();
    let mut homes = BTreeMap::new();
    files.extend(type_files(model, generated, &calls, &mut homes));
    files.extend(call_files(model, &calls, &checked));
    files.push(client_file(&calls));
    files.push(table_file(model));
    files.push(dispatch_file(&calls));
    files.push(root_file(model));
    let surface = surface::write(model, &structs, &calls);
    Ok(Rewritten {
        files,
        types: homes,
        surface,
    })
}

/// The Rust type of every field (`Type.field`), argument (`method().argument`) and answer
/// (`method()`) as it is written.
#[cfg(test)]
pub(crate) fn seen(
    model: &Model,
    file: &syn::File,
) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let structs = types::collect(module(file, "types"), model);
    let built = builders::collect(module(file, "builder"));
    let mut seen = BTreeMap::new();
    for (name, facts) in &model.types {
        let variant = model.types.values().any(|other| {
            matches!(&other.kind, crate::model::TypeKind::Tagged(variants)
                if variants.iter().any(|variant| variant.type_name == *name))
        });
        if variant || matches!(facts.kind, crate::model::TypeKind::OpenEnum(_)) {
            continue;
        }
        for field in structs.fields.get(name).into_iter().flatten() {
            seen.insert(
                format!("{name}.{}", field.ident),
                types::type_text(&field.ty),
            );
        }
    }
    for call in builders::calls(model, &built, &structs)? {
        let method = &call.operation.rust_method;
        for argument in &call.arguments {
            seen.insert(
                format!("{method}().{}", argument.field.ident),
                types::type_text(&argument.field.ty),
            );
        }
        if call.operation.answer != crate::model::Answer::Bytes {
            seen.insert(format!("{method}()"), types::type_text(&call.answer));
        }
    }
    Ok(seen)
}

fn module<'f>(file: &'f syn::File, name: &str) -> &'f [Item] {
    file.items
        .iter()
        .find_map(|item| match item {
            Item::Mod(item) if item.ident == name => item.content.as_ref(),
            _ => None,
        })
        .map_or(&[], |(_, items)| items.as_slice())
}

/// The file a tag's code goes to.
fn slug(tag: &str) -> String {
    let slug: String = tag
        .to_snake_case()
        .chars()
        .filter(|c| c.is_alphabetic() || c.is_ascii_digit() || *c == '_')
        .collect();
    // `mod`, `3d` and nothing at all are no names of a module.
    if syn::parse_str::<syn::Ident>(&slug).is_ok() {
        slug
    } else {
        format!("group_{slug}")
    }
}

fn type_files(
    model: &Model,
    generated: Vec<Generated>,
    calls: &[builders::Call<'_>],
    homes: &mut BTreeMap<String, String>,
) -> Vec<Draft> {
    let mut files: BTreeMap<String, Draft> = BTreeMap::new();
    let mut file = |home: &str| -> String {
        let path = format!("types/{home}.rs");
        files.entry(home.to_owned()).or_insert_with(|| {
            Draft::new(
                path.clone(),
                if home == "shared" {
                    "Types of more than one group of operations.".to_owned()
                } else {
                    format!("Types of the group {}.", home.replace('_', " "))
                },
            )
        });
        home.to_owned()
    };
    let mut placed = Vec::new();
    for generated in generated {
        let home = match model
            .types
            .get(&generated.name)
            .map(|facts| facts.tags.as_slice())
        {
            Some([tag]) => slug(tag),
            _ => "shared".to_owned(),
        };
        placed.push((file(&home), generated));
    }
    let mut aliases = Vec::new();
    for call in calls {
        let shown = call.answer_name();
        if codecs::plain_name(&shown).as_deref() == Some(call.operation.answer_type.as_str())
            && codecs::plain_name(&call.answer).as_deref()
                != Some(call.operation.answer_type.as_str())
        {
            let name = format_ident!("{}", call.operation.answer_type);
            let answer = &call.answer;
            let doc = docs::attributes(&format!("What `{}` answers.", call.operation.rust_method));
            aliases.push((
                file(&slug(&call.operation.tag)),
                call.operation.answer_type.clone(),
                quote!(#doc pub type #name = #answer;),
            ));
        }
    }
    for (home, name, tokens) in aliases {
        if let Some(file) = files.get_mut(&home) {
            homes.insert(name.clone(), home.clone());
            file.local.insert(name);
            file.push(tokens);
        }
    }
    for (home, generated) in placed {
        if let Some(file) = files.get_mut(&home) {
            homes.insert(generated.name.clone(), home);
            file.local.insert(generated.name);
            file.pieces.extend(generated.items);
        }
    }
    let mut root = Draft::new(
        "types/mod.rs".to_owned(),
        "Requests, answers and what they are made of.".to_owned(),
    );
    for home in files.keys() {
        let module = format_ident!("{home}");
        root.push(quote!(mod #module;));
        root.push(quote!(pub use self::#module::*;));
    }
    let mut all: Vec<Draft> = files.into_values().collect();
    all.push(root);
    all
}

fn call_files(
    model: &Model,
    calls: &[builders::Call<'_>],
    checked: &BTreeSet<String>,
) -> Vec<Draft> {
    let mut files: BTreeMap<String, Draft> = BTreeMap::new();
    for call in calls {
        let home = slug(&call.operation.tag);
        let file = files.entry(home.clone()).or_insert_with(|| {
            Draft::new(
                format!("operations/{home}.rs"),
                format!("Calls of the group {}.", call.operation.tag),
            )
        });
        let request = format!("{}Request", call.operation.type_name);
        file.local.insert(call.operation.type_name.clone());
        file.push(builders::write(call, checked.contains(&request)));
    }
    let mut root = Draft::new(
        "operations/mod.rs".to_owned(),
        format!(
            "One builder for each of the {} operations.",
            model.operations.len()
        ),
    );
    for home in files.keys() {
        let module = format_ident!("{home}");
        root.push(quote!(mod #module;));
        root.push(quote!(pub use self::#module::*;));
    }
    let mut all: Vec<Draft> = files.into_values().collect();
    all.push(root);
    all
}

fn client_file(calls: &[builders::Call<'_>]) -> Draft {
    let mut file = Draft::new(
        "client.rs".to_owned(),
        "The methods of the client, one for each operation.".to_owned(),
    );
    let methods = calls.iter().map(|call| {
        let doc = docs::attributes(&builders::operation_doc(call.operation));
        let method = format_ident!("{}", call.operation.rust_method);
        let builder = format_ident!("{}", call.operation.type_name);
        quote! {
            #doc
            pub fn #method(&self) -> operations::#builder {
                operations::#builder::from_core(self.core.clone())
            }
        }
    });
    file.push(quote!(impl Client { #(#methods)* }));
    file
}

fn table_file(model: &Model) -> Draft {
    let mut file = Draft::new(
        "table.rs".to_owned(),
        "What every operation needs and does, for the transport and for tools.".to_owned(),
    );
    file.push(table::write(model));
    file
}

fn dispatch_file(calls: &[builders::Call<'_>]) -> Draft {
    let mut file = Draft::new(
        "dispatch.rs".to_owned(),
        "Calls and payloads by operation id, for tools that don't know them when compiling."
            .to_owned(),
    );
    file.push(dispatch::write(calls));
    file
}

fn root_file(model: &Model) -> Draft {
    let mut file = Draft::new(
        "mod.rs".to_owned(),
        format!(
            "Client of {}, version {} of the description.",
            model.api, model.version
        ),
    );
    file.push(quote!(
        mod client;
    ));
    file.push(quote!(
        #[cfg(feature = "dispatch")]
        pub mod dispatch;
    ));
    for name in ["operations", "table", "types"] {
        let module = format_ident!("{name}");
        file.push(quote!(pub mod #module;));
    }
    let base_url = &model.base_url;
    file.push(quote! {
        /// Where the vendor serves this API.
        pub const BASE_URL: &str = #base_url;
    });
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_a_path_is_imported() {
        let tokens = quote! {
            fn check(value: &Vec<Candle>) -> Option<Decimal> {
                check::range(At::ROOT)?;
                let checked = Answer::Bytes;
                value.check(table::ROW)
            }
        };
        let mut used = BTreeSet::new();
        collect_names(tokens, &mut used);
        for name in [
            "Vec", "Candle", "Option", "Decimal", "check", "At", "Answer", "Check", "table",
        ] {
            assert!(used.contains(name), "{name} in {used:?}");
        }
        for name in ["Bytes", "ROOT", "ROW", "checked", "value", "range"] {
            assert!(!used.contains(name), "{name} in {used:?}");
        }
    }
}
