-- What was read, what was found in it, what was changed, and what could not be read.
-- Offsets of findings and edits are code points of the text as it was; those of patches are bytes of their record.

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,                 -- when it began, ISO 8601, UTC
    command TEXT NOT NULL,            -- batch, surveyed, restore
    settings TEXT NOT NULL            -- JSON: model, policy, version, choice of what was restored…
);

CREATE TABLE container (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,      -- path or address
    target TEXT NOT NULL,             -- where the cleaned container is written; empty when nowhere
    format TEXT NOT NULL,             -- name of a module in formats/; empty for what is only copied
    packing TEXT NOT NULL,            -- gzip, zstd or empty
    size INTEGER NOT NULL,            -- bytes on disk; 0 when unknown
    layout TEXT,                      -- JSON; NULL until its beginning was read
    searched INTEGER NOT NULL DEFAULT 0,  -- offset up to which it was searched
    mark TEXT NOT NULL DEFAULT '',        -- … and the key of the row there
    state TEXT NOT NULL DEFAULT 'new',    -- new, searched, writing (in place), written, refused
    records INTEGER NOT NULL DEFAULT 0,
    characters INTEGER NOT NULL DEFAULT 0,
    digest_before TEXT,               -- SHA-256 of its bytes, as they were searched
    digest_after TEXT,                -- empty once records were restored in what somebody had edited
    digest_next TEXT                  -- what it is going to be: written down before it is replaced
);

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    container INTEGER NOT NULL REFERENCES container,
    offset INTEGER NOT NULL,          -- where its record begins
    record TEXT NOT NULL,
    name TEXT NOT NULL,               -- the field
    key TEXT NOT NULL,
    format TEXT NOT NULL,
    date TEXT NOT NULL,
    link TEXT NOT NULL,
    whole INTEGER NOT NULL,           -- patches hold only together
    verdict TEXT NOT NULL,
    digest_before TEXT NOT NULL,      -- SHA-256 of the text in UTF-8
    digest_after TEXT NOT NULL
);
CREATE INDEX document_place ON document (container, offset);
CREATE INDEX document_record ON document (record);

CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    quote TEXT NOT NULL,
    category TEXT NOT NULL,
    score REAL NOT NULL,
    action TEXT NOT NULL,
    reasons TEXT NOT NULL,            -- JSON
    campaign INTEGER REFERENCES campaign
);
CREATE INDEX finding_document ON finding (document);

CREATE TABLE edit (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document,
    finding INTEGER REFERENCES finding,   -- the one that it is of
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    removed TEXT NOT NULL,
    replacement TEXT NOT NULL,
    left TEXT NOT NULL,               -- the text before it, and behind
    right TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
    state TEXT NOT NULL DEFAULT 'found'   -- found, cut, undoing, undone, refused (not cut)
);
CREATE INDEX edit_document ON edit (document);
CREATE INDEX edit_finding ON edit (finding);

CREATE TABLE patch (
    document INTEGER NOT NULL REFERENCES document,
    edit INTEGER REFERENCES edit,     -- NULL where the patches of a document hold only together
    start INTEGER NOT NULL,
    old BLOB NOT NULL,
    new BLOB NOT NULL
);
CREATE INDEX patch_document ON patch (document);
CREATE INDEX patch_edit ON patch (edit);

-- Packed members that were packed anew, as they were: packing the same bytes again may give others.
CREATE TABLE member (
    id INTEGER PRIMARY KEY,
    container INTEGER NOT NULL REFERENCES container,
    content_start INTEGER NOT NULL,   -- in the unpacked source
    content_length INTEGER NOT NULL,
    start INTEGER NOT NULL,           -- in the packed source
    length INTEGER NOT NULL,
    target_length INTEGER NOT NULL,   -- in the packed target
    next_length INTEGER               -- … as it is going to be
);
CREATE TABLE member_data (member INTEGER NOT NULL REFERENCES member, data BLOB NOT NULL);

CREATE TABLE quarantine (
    container INTEGER REFERENCES container,
    record TEXT NOT NULL,
    offset INTEGER NOT NULL,
    cause TEXT NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE campaign (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,               -- phrase, brand, anchor, target, contact
    texts TEXT NOT NULL,              -- JSON: what recurs, in its spellings, the usual one first
    documents INTEGER NOT NULL,
    dispersion REAL NOT NULL,
    promotion REAL NOT NULL,
    score REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'proposed',  -- proposed, accepted, rejected
    UNIQUE (kind, texts)
);
CREATE TABLE campaign_example (
    campaign INTEGER NOT NULL REFERENCES campaign,
    record TEXT NOT NULL,
    around TEXT NOT NULL
);
CREATE INDEX finding_campaign ON finding (campaign);
