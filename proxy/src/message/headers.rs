//! Header fields as they pass through the proxy: order, case and bytes kept.

/// Header fields in the order and case in which they came.
///
/// The text of all fields lies in one buffer, so that a message costs two allocations at most, and none when
/// the value is used again for the next message of a connection.
#[derive(Clone, Default)]
pub(crate) struct Headers {
    text: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a field's name and value lie in the text.
#[derive(Clone, Copy)]
struct Field {
    name: (u32, u32),
    value: (u32, u32),
}

impl Headers {
    /// Room for the fields of a usual message.
    const USUAL: usize = 16;
    const USUAL_TEXT: usize = 256;

    /// None yet.
    pub(crate) fn new() -> Headers {
        Headers::default()
    }

    /// Adds a field after the others.
    pub(crate) fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        if self.fields.capacity() == 0 {
            self.text.reserve(Self::USUAL_TEXT);
            self.fields.reserve(Self::USUAL);
        }
        let name = self.append(name.as_ref());
        let value = self.append(value.as_ref());
        self.fields.push(Field { name, value });
    }

    /// Forgets every field and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
    }

    /// Gives back memory for text beyond `most` bytes.
    pub(crate) fn shrink_to(&mut self, most: usize) {
        self.text.shrink_to(most);
    }

    /// The first field of that name, compared without case.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// Every field of that name, compared without case.
    pub(crate) fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// All fields in order: name and value.
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

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy;
        f.debug_list().entries(self.iter().map(|(n, v)| format!("{}: {}", text(n), text(v)))).finish()
    }
}
