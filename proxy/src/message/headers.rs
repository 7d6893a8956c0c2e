//! Header fields, with their order, case and bytes as received.

/// Header fields in the order and case in which they were received.
///
/// The text of all fields is in one buffer, so that a message costs at most two allocations, and none if the memory of
/// an earlier message is reused.
#[derive(Clone, Default)]
pub(crate) struct Headers {
    text: Vec<u8>,
    fields: Vec<Field>,
    /// The [marks](mark) of all names: who asks for a field that is not there, as most do, is told at once.
    marks: u64,
}

/// Where the name and the value of a field are in the text.
#[derive(Clone, Copy)]
struct Field {
    name: (u32, u32),
    value: (u32, u32),
}

impl Headers {
    /// Fields of a typical message.
    const TYPICAL_FIELDS: usize = 16;
    /// Bytes of a typical message.
    const TYPICAL_TEXT: usize = 256;

    /// No fields.
    pub(crate) fn new() -> Headers {
        Headers::default()
    }

    /// Appends a field.
    pub(crate) fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        if self.fields.capacity() == 0 {
            self.text.reserve(Self::TYPICAL_TEXT);
            self.fields.reserve(Self::TYPICAL_FIELDS);
        }
        self.marks |= mark(name.as_ref());
        let name = self.append(name.as_ref());
        let value = self.append(value.as_ref());
        self.fields.push(Field { name, value });
    }

    /// Removes all fields and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.marks = 0;
    }

    /// Frees memory for text beyond `capacity` bytes.
    pub(crate) fn shrink_to(&mut self, capacity: usize) {
        self.text.shrink_to(capacity);
    }

    /// The first field of this name, ignoring case.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        if self.marks & mark(name.as_bytes()) == 0 {
            return None;
        }
        self.find(name)
    }

    fn find(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// All fields of this name, ignoring case.
    pub(crate) fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let is_there = self.marks & mark(name.as_bytes()) != 0;
        let fields = if is_there { &self.fields[..] } else { &[] };
        let is_named = move |n: &[u8]| n.eq_ignore_ascii_case(name.as_bytes());
        fields
            .iter()
            .filter(move |field| is_named(self.slice(field.name)))
            .map(|field| self.slice(field.value))
    }

    /// Names and values of all fields, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    fn append(&mut self, bytes: &[u8]) -> (u32, u32) {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(bytes);
        (start, self.text.len() as u32)
    }

    fn slice(&self, (start, end): (u32, u32)) -> &[u8] {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// One of 64 bits, the same for names that differ in case alone.
#[inline]
fn mark(name: &[u8]) -> u64 {
    let letter = |byte: Option<&u8>| usize::from(byte.map_or(0, |byte| byte | 0x20));
    1 << ((name.len() * 5 + letter(name.first()) + letter(name.last()) * 3) % 64)
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy;
        f.debug_list().entries(self.iter().map(|(n, v)| format!("{}: {}", text(n), text(v)))).finish()
    }
}
