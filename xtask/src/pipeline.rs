//! The stages one after the other, for one API.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    apis::Api,
    format::{self, Formatted},
    generate, load,
    load::Loaded,
    model::Model,
    normalise::{self, Words},
    overlay,
    problem::{Problem, Problems},
    rewrite::{self, surface::Surface},
    sources, validate,
};

/// Where an API's description comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The committed description; its overlay must fit it.
    Committed,
    /// Another description; overlay actions that match nothing are warnings.
    Other(PathBuf),
}

/// What a run of the stages gives.
#[derive(Clone, Debug)]
pub struct Output {
    /// The normalised description.
    pub model: Model,
    /// The files of the client.
    pub files: Vec<Formatted>,
    /// What a caller sees of each operation.
    pub surface: Vec<Surface>,
    /// What the maintainer should know though it did not stop the run.
    pub warnings: Vec<Problem>,
    /// A line for each stage.
    pub stages: Vec<Stage>,
}

/// What one stage did.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// What it counted.
    pub counts: String,
    /// How long it took.
    pub time: Duration,
}

/// The first three stages: what the description says.
#[derive(Clone, Debug)]
pub struct Described {
    /// The normalised description.
    pub model: Model,
    /// Overlay actions that matched nothing, where that is allowed.
    pub warnings: Vec<Problem>,
    /// How many of the problems are the overlay's own.
    overlay_problems: usize,
    /// A line for each stage.
    pub stages: Vec<Stage>,
    /// The description after its overlay.
    pub document: Loaded,
}

/// Load, overlay and normalise.
pub fn describe(root: &Path, api: &Api, source: &Source) -> Result<Described, Problems> {
    let mut clock = Clock::default();
    let (path, shown, words) = match source {
        Source::Committed => (
            root.join(api.spec),
            api.spec.to_owned(),
            sources::words(root, api),
        ),
        Source::Other(path) => (path.clone(), path.display().to_string(), Words::Vendors),
    };
    let document = load::load(&path, &shown)?;
    let actions = load::load(&root.join(api.overlay), api.overlay)?;
    let loaded = clock.stage("load", format!("2 files, {}", document.file));

    let (mut described, mut problems) = understand(api, document, &actions, words);
    described.stages.insert(0, loaded);
    if let Source::Committed = source {
        // What matched nothing is found before what the rules stumble over because of it.
        let rest = problems.split_off(described.overlay_problems);
        problems.append(&mut described.warnings);
        problems.extend(rest);
    }
    Problems(problems).into_result()?;
    Ok(described)
}

/// Overlay and normalise, as far as that goes: what could be read, and all that is in the way.
pub fn understand(
    api: &Api,
    mut document: Loaded,
    actions: &Loaded,
    words: Words,
) -> (Described, Vec<Problem>) {
    let mut clock = Clock::default();
    let applied = overlay::apply(&mut document.value, actions);
    let mut problems = applied.problems;
    let overlay_problems = problems.len();
    let mut stages = vec![clock.stage("overlay", format!("{} actions", applied.applied))];

    let (model, found) = normalise::normalise(api, &document, words);
    problems.extend(found);
    stages.push(clock.stage(
        "normalise",
        format!(
            "{} operations, {} types",
            model.operations.len(),
            model.types.len()
        ),
    ));
    let described = Described {
        model,
        warnings: applied.unmatched,
        overlay_problems,
        stages,
        document,
    };
    (described, problems)
}

/// All stages but the writing.
pub fn run(root: &Path, api: &Api, source: &Source) -> Result<Output, Problems> {
    let Described {
        model,
        warnings,
        mut stages,
        document,
        ..
    } = describe(root, api, source)?;
    let mut clock = Clock::default();
    let openapi = validate::validate(&document.file, &model)?;
    stages.push(clock.stage("validate", format!("OpenAPI {}", openapi.openapi)));

    let code = generate::generate(&document.file, &openapi)?;
    stages.push(clock.stage("generate", format!("{} items", code.items.len())));

    let rewritten = rewrite::rewrite(&model, &code).map_err(Problems)?;
    stages.push(clock.stage("rewrite", format!("{} files", rewritten.files.len())));

    let files = format::format(&rewritten, &model, &document.file, api.module)?;
    let lines: usize = files.iter().map(|file| file.text.lines().count()).sum();
    stages.push(clock.stage("format", format!("{lines} lines")));
    Ok(Output {
        model,
        files,
        surface: rewritten.surface,
        warnings,
        stages,
    })
}

/// Measures the stages.
struct Clock(Instant);

impl Default for Clock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock {
    fn stage(&mut self, name: &'static str, counts: String) -> Stage {
        let time = self.0.elapsed();
        self.0 = Instant::now();
        Stage { name, counts, time }
    }
}
