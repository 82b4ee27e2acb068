//! What the types behind a document say about it: which members they know, which words they do
//! not, what they pass over. For tools that hold captured payloads against the types; behind the
//! feature `watch`, without which nothing of this is compiled and nothing is slower.
//!
//! While [`watch`] runs a closure, every [`from_slice`](crate::from_slice) on the same thread reads
//! through a deserializer that passes everything on and takes notes. So what is seen is what the
//! real types do with the payload, however deep a client hides them.
//!
//! Notes are kept by place. Should a type read the same place again (to find out first which
//! variant it is, say), only the last reading counts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess,
    SeqAccess, Visitor,
};

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its steps from the root.
    pub steps: Vec<Step>,
}

/// One step of a [`Place`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The name of a member, or the index of an item.
    pub name: String,
    /// Whether the type names it: a field of a struct, a position of a row. Else it is a key or an
    /// index like others.
    pub named: bool,
}

impl Place {
    /// The place as a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        pointer(&self.steps)
    }

    /// The pointer with `*` for keys and indices that the type does not name.
    pub fn pattern(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            text.push('/');
            text.push_str(&if step.named {
                escape(&step.name)
            } else {
                "*".to_owned()
            });
        }
        text
    }

    /// The member or item of that name.
    #[must_use]
    pub fn child(&self, name: impl Into<String>, named: bool) -> Self {
        let mut steps = self.steps.clone();
        steps.push(Step {
            name: name.into(),
            named,
        });
        Self { steps }
    }
}

fn pointer(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        text.push('/');
        text.push_str(&escape(&step.name));
    }
    text
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// An object or row whose type knows its members.
#[derive(Debug, Clone)]
pub struct Object {
    /// Where.
    pub place: Place,
    /// What the type knows.
    pub known: Known,
    /// The members that came; for a row their indices.
    pub present: Vec<String>,
}

/// What a type knows of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The members of an object by name. Other spellings that are read, too, stand beside the
    /// first one.
    Names(&'static [&'static str]),
    /// So many positions of a row.
    Positions(usize),
}

/// A word that an open enum keeps without knowing it.
#[derive(Debug, Clone)]
pub struct UnknownWord {
    /// Where.
    pub place: Place,
    /// The word.
    pub word: String,
    /// The words that are known.
    pub known: Vec<&'static str>,
}

/// What was seen of a document.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The objects and rows whose type knows their members, by place.
    pub objects: Vec<Object>,
    /// Words that are not known.
    pub unknown: Vec<UnknownWord>,
    /// Values that were passed over.
    pub ignored: Vec<Place>,
    /// Values that are kept as they come, whatever their form.
    pub any_form: Vec<Place>,
    /// Where the value is that did not fit, if one did not.
    pub failed: Option<Place>,
}

/// Runs `read` and tells what was seen of the documents it read on this thread.
pub fn watch<R>(read: impl FnOnce() -> R) -> (R, Seen) {
    let outer = NOTES.replace(Some(Notes::default()));
    let guard = Restore(outer);
    let result = read();
    let notes = NOTES.take().unwrap_or_default();
    drop(guard);
    (result, notes.into_seen())
}

/// Puts back what was there before, after a panic too.
struct Restore(Option<Notes>);

impl Drop for Restore {
    fn drop(&mut self) {
        NOTES.set(self.0.take());
    }
}

thread_local! {
    static NOTES: RefCell<Option<Notes>> = const { RefCell::new(None) };
}

#[derive(Debug, Default)]
struct Notes {
    steps: Vec<Step>,
    /// The objects and rows that are being read, innermost last.
    open: Vec<Open>,
    objects: BTreeMap<String, Object>,
    unknown: BTreeMap<String, Vec<UnknownWord>>,
    ignored: BTreeMap<String, Place>,
    any_form: BTreeMap<String, Place>,
    failed: Option<Place>,
}

#[derive(Debug)]
struct Open {
    known: Option<Known>,
    present: Vec<String>,
}

impl Notes {
    fn place(&self) -> Place {
        Place {
            steps: self.steps.clone(),
        }
    }

    /// Drops the notes of the place where reading is, since it is read again.
    fn forget(&mut self) {
        fn within<T>(notes: &mut BTreeMap<String, T>, at: &str) {
            notes.remove(at);
            let (first, end) = (format!("{at}/"), format!("{at}0"));
            let range = (Bound::Included(first), Bound::Excluded(end));
            let keys: Vec<String> = notes.range(range).map(|(key, _)| key.clone()).collect();
            for key in keys {
                notes.remove(&key);
            }
        }
        let at = pointer(&self.steps);
        within(&mut self.objects, &at);
        within(&mut self.unknown, &at);
        within(&mut self.ignored, &at);
        within(&mut self.any_form, &at);
        self.failed = None;
    }

    fn into_seen(self) -> Seen {
        Seen {
            objects: self.objects.into_values().collect(),
            unknown: self.unknown.into_values().flatten().collect(),
            ignored: self.ignored.into_values().collect(),
            any_form: self.any_form.into_values().collect(),
            failed: self.failed,
        }
    }
}

fn note<R>(add: impl FnOnce(&mut Notes) -> R) -> Option<R> {
    // Never held while foreign code runs, so it is always free.
    NOTES.with_borrow_mut(|notes| notes.as_mut().map(add))
}

/// Whether somebody watches this thread.
pub(crate) fn is_on() -> bool {
    NOTES.with_borrow(Option::is_some)
}

/// Runs `read` unwatched: for a second pass whose only aim is an error's path.
pub(crate) fn unwatched<R>(read: impl FnOnce() -> R) -> R {
    let _guard = Restore(NOTES.take());
    read()
}

/// Reads a document and takes notes.
pub(crate) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    note(Notes::forget);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Watched(&mut json)).and_then(|value| json.end().map(|()| value));
    match &value {
        // Whatever failed on the way was tried once more with success.
        Ok(_) => note(|notes| notes.failed = None),
        Err(_) => note(failed),
    };
    value
}

/// Runs `read` one step further down.
pub(crate) fn within<R>(name: &str, read: impl FnOnce() -> R) -> R {
    let step = Step {
        name: name.to_owned(),
        named: true,
    };
    note(|notes| notes.steps.push(step));
    let result = read();
    note(|notes| notes.steps.pop());
    result
}

/// Notes a word that an open enum does not know.
pub(crate) fn unknown_word(word: &str, known: impl Iterator<Item = &'static str>) {
    note(|notes| {
        let place = notes.place();
        let unknown = UnknownWord {
            place: place.clone(),
            word: word.to_owned(),
            known: known.collect(),
        };
        notes
            .unknown
            .entry(place.pointer())
            .or_default()
            .push(unknown);
    });
}

/// Notes that the value that is being read is kept whatever its form.
pub(crate) fn any_form() {
    note(|notes| {
        let place = notes.place();
        notes.any_form.insert(place.pointer(), place);
    });
}

/// A deserializer for the content of an object or list that is open already. It can only tell what
/// the type knows.
#[derive(Debug)]
pub struct Reopened<D>(pub D);

/// Passes everything on and takes notes.
struct Watched<D>(D);

/// What the type asks for.
fn expect(known: Option<Known>) {
    note(|notes| {
        if let Some(open) = notes.open.last_mut() {
            open.known = known;
        }
    });
}

/// Forwards methods that take a visitor and nothing else.
macro_rules! forward {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(WatchedVisitor { visitor, known: None })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit
        deserialize_seq deserialize_map deserialize_identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        note(|notes| {
            let place = notes.place();
            notes.ignored.insert(place.pointer(), place);
        });
        self.0.deserialize_ignored_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let known = None;
        self.0
            .deserialize_unit_struct(name, WatchedVisitor { visitor, known })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let known = None;
        // `RawValue` asks by a name of its own and is handed something that is no real object.
        if name.starts_with('$') {
            return self.0.deserialize_newtype_struct(name, visitor);
        }
        self.0
            .deserialize_newtype_struct(name, WatchedVisitor { visitor, known })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let known = Some(Known::Positions(length));
        self.0
            .deserialize_tuple(length, WatchedVisitor { visitor, known })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let known = Some(Known::Positions(length));
        self.0
            .deserialize_tuple_struct(name, length, WatchedVisitor { visitor, known })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // The name by which numbers of arbitrary precision are asked for.
        if name.starts_with('$') {
            return self.0.deserialize_struct(name, fields, visitor);
        }
        let known = Some(Known::Names(fields));
        self.0
            .deserialize_struct(name, fields, WatchedVisitor { visitor, known })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let known = None;
        self.0
            .deserialize_enum(name, variants, WatchedVisitor { visitor, known })
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reopened<D> {
    type Error = D::Error;

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq map identifier ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        expect(Some(Known::Positions(length)));
        self.0.deserialize_tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        expect(Some(Known::Positions(length)));
        self.0.deserialize_tuple_struct(name, length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        expect(Some(Known::Names(fields)));
        self.0.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }
}

struct WatchedVisitor<V> {
    visitor: V,
    known: Option<Known>,
}

/// Forwards methods that take a scalar.
macro_rules! forward_values {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for WatchedVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.visitor.expecting(formatter)
    }

    forward_values! {
        visit_bool: bool,
        visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128,
        visit_f32: f32, visit_f64: f64, visit_char: char,
        visit_str: &str, visit_borrowed_str: &'de str, visit_string: String,
        visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Watched(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Watched(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        let opened = Opened::new(self.known);
        self.visitor.visit_seq(WatchedSeq {
            seq,
            index: 0,
            opened,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let opened = Opened::new(self.known);
        self.visitor.visit_map(WatchedMap {
            map,
            key: None,
            opened,
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(data)
    }
}

/// An object or list while it is being read.
struct Opened;

impl Opened {
    fn new(known: Option<Known>) -> Self {
        note(|notes| {
            notes.open.push(Open {
                known,
                present: Vec::new(),
            });
        });
        Self
    }

    /// Whether the type names the member or item.
    fn names(name: &str) -> bool {
        let known = note(|notes| notes.open.last().and_then(|open| open.known)).flatten();
        match known {
            Some(Known::Names(names)) => names.contains(&name),
            Some(Known::Positions(count)) => name.parse().is_ok_and(|index: usize| index < count),
            None => false,
        }
    }

    /// Reads one member or item.
    fn step<R, E>(name: &str, read: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        let step = Step {
            name: name.to_owned(),
            named: Self::names(name),
        };
        note(|notes| notes.steps.push(step));
        let result = read();
        note(|notes| {
            if result.is_err() {
                failed(notes);
            }
            notes.steps.pop();
        });
        result
    }

    fn came(name: String) {
        note(|notes| {
            if let Some(open) = notes.open.last_mut().filter(|open| open.known.is_some()) {
                open.present.push(name);
            }
        });
    }
}

/// Notes the place of a failure, unless it was noted further down.
fn failed(notes: &mut Notes) {
    if notes.failed.is_none() {
        notes.failed = Some(notes.place());
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        note(|notes| {
            let Some(open) = notes.open.pop() else {
                return;
            };
            let Some(known) = open.known else {
                return;
            };
            let place = notes.place();
            let object = Object {
                place: place.clone(),
                known,
                present: open.present,
            };
            notes.objects.insert(place.pointer(), object);
        });
    }
}

struct WatchedMap<A> {
    map: A,
    key: Option<String>,
    #[expect(dead_code, reason = "closes the object when dropped")]
    opened: Opened,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WatchedMap<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.key = None;
        self.map.next_key_seed(KeySeed {
            seed,
            key: &mut self.key,
        })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let name = self.key.take().unwrap_or_default();
        let map = &mut self.map;
        let result = Opened::step(&name, || map.next_value_seed(WatchedSeed(seed)));
        Opened::came(name);
        result
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

struct WatchedSeq<A> {
    seq: A,
    index: usize,
    #[expect(dead_code, reason = "closes the list when dropped")]
    opened: Opened,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for WatchedSeq<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let name = self.index.to_string();
        let seq = &mut self.seq;
        let result = Opened::step(&name, || seq.next_element_seed(WatchedSeed(seed)));
        if matches!(result, Ok(Some(_))) {
            Opened::came(name);
            self.index += 1;
        }
        result
    }

    fn size_hint(&self) -> Option<usize> {
        self.seq.size_hint()
    }
}

struct WatchedSeed<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for WatchedSeed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Watched(deserializer))
    }
}

/// Reads a key by way of its text.
struct KeySeed<'k, S> {
    seed: S,
    key: &'k mut Option<String>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for KeySeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let text = String::deserialize(deserializer)?;
        *self.key = Some(text.clone());
        self.seed
            .deserialize(serde::de::value::StringDeserializer::new(text))
    }
}
