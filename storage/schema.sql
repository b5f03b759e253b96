-- The whole schema as it is today; migrations/ reach the same (a test compares the two).
-- Instants are UTC seconds since 1970 (`_epoch`), intervals half-open [start, end).

CREATE TABLE schema_migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_epoch BIGINT NOT NULL
);

-- A Radicale user; a host is a principal that can be booked. language: of mail, '' for the site's; agenda: the local time
-- (HH:MM) of the daily mail, '' for none.
CREATE TABLE principal (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    email TEXT,
    display_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    timezone TEXT NOT NULL DEFAULT 'UTC',
    host INTEGER NOT NULL DEFAULT 0 CHECK (host IN (0, 1)),
    created_epoch BIGINT NOT NULL,
    holidays TEXT NOT NULL DEFAULT '',
    availability TEXT NOT NULL DEFAULT '',
    auto_schedule TEXT NOT NULL DEFAULT 'none' CHECK (auto_schedule IN
        ('none', 'accept-always', 'decline-always', 'accept-if-free', 'decline-if-busy', 'automatic')),
    free_busy_url INTEGER NOT NULL DEFAULT 0 CHECK (free_busy_url IN (0, 1)),
    language TEXT NOT NULL DEFAULT '',
    agenda TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX principal_email ON principal (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX principal_agenda ON principal (name) WHERE agenda <> '';

-- path has no slash at its ends; the root collection is ''. role tells the server's own collections apart.
CREATE TABLE collection (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES collection (id) ON DELETE CASCADE,
    principal_id INTEGER REFERENCES principal (id) ON DELETE CASCADE,
    path TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL DEFAULT '',
    role TEXT CHECK (role IN ('bookable', 'default')),
    transparent INTEGER NOT NULL DEFAULT 0 CHECK (transparent IN (0, 1)),
    props TEXT NOT NULL DEFAULT '{}',
    incarnation TEXT NOT NULL,
    sequence BIGINT NOT NULL DEFAULT 0,
    oldest_sequence BIGINT NOT NULL DEFAULT 0,
    modified_epoch BIGINT NOT NULL,
    CHECK ((parent_id IS NULL) = (path = ''))
);
CREATE INDEX collection_parent ON collection (parent_id);
CREATE INDEX collection_principal ON collection (principal_id);
CREATE UNIQUE INDEX collection_role ON collection (principal_id, role) WHERE role IS NOT NULL;

-- first/last_epoch enclose every occurrence (NULL: unbounded); outside [expanded_from, expanded_until)
-- occurrences have no instance rows yet (NULL: all occurrences have rows). revision counts changes of the ETag alone,
-- renewal_epoch is when the next one is due.
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    href TEXT NOT NULL CHECK (href <> ''),
    uid TEXT NOT NULL,
    etag TEXT NOT NULL,
    name TEXT NOT NULL,
    component TEXT NOT NULL,
    text TEXT NOT NULL,
    size_octets INTEGER NOT NULL,
    first_epoch BIGINT NOT NULL,
    last_epoch BIGINT NOT NULL,
    expanded_from_epoch BIGINT,
    expanded_until_epoch BIGINT,
    unreadable TEXT,
    schedule_tag TEXT,
    sequence BIGINT NOT NULL,
    modified_epoch BIGINT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    renewal_epoch BIGINT,
    UNIQUE (collection_id, href)
);
CREATE INDEX item_uid ON item (collection_id, uid);
CREATE INDEX item_sequence ON item (collection_id, sequence);
CREATE INDEX item_unexpanded ON item (collection_id, expanded_until_epoch)
    WHERE expanded_until_epoch IS NOT NULL;
CREATE INDEX item_behind ON item (expanded_until_epoch) WHERE expanded_until_epoch IS NOT NULL;
CREATE INDEX item_renewal ON item (renewal_epoch) WHERE renewal_epoch IS NOT NULL;
CREATE INDEX item_unreadable ON item (collection_id) WHERE unreadable IS NOT NULL;

-- A member that was removed, for sync-collection (RFC 6578).
CREATE TABLE tombstone (
    collection_id INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    href TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    modified_epoch BIGINT NOT NULL,
    PRIMARY KEY (collection_id, href)
);
CREATE INDEX tombstone_sequence ON tombstone (collection_id, sequence);

-- One occurrence of an item. span_class bounds its length so that an overlap is an index range:
-- 0 up to a day, 1 up to 32 days, 2 longer. moment: it has no end, and so
-- overlaps a range that begins with it (RFC 4791 §9.9). summary and what follows serve bookable hours and
-- away days; zone is the IANA name of its own zone, if it has one.
CREATE TABLE instance (
    item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    collection_id INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    start_epoch BIGINT NOT NULL,
    end_epoch BIGINT NOT NULL,
    span_class INTEGER NOT NULL CHECK (span_class IN (0, 1, 2)),
    busy_type TEXT NOT NULL CHECK (busy_type IN ('FREE', 'BUSY', 'BUSY-TENTATIVE', 'BUSY-UNAVAILABLE')),
    cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    all_day INTEGER NOT NULL CHECK (all_day IN (0, 1)),
    moment INTEGER NOT NULL CHECK (moment IN (0, 1)),
    summary TEXT,
    categories TEXT,
    zone TEXT,
    CHECK (start_epoch <= end_epoch)
);
CREATE INDEX instance_range ON instance (collection_id, span_class, start_epoch, end_epoch, item_id);
CREATE INDEX instance_item ON instance (item_id, cancelled, all_day, coalesce(summary, ''));
CREATE INDEX instance_all_day ON instance (collection_id, span_class, start_epoch) WHERE all_day = 1;

-- rules: what no query asks for, as JSON.
CREATE TABLE event_type (
    id INTEGER PRIMARY KEY,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    slug TEXT NOT NULL CHECK (slug <> ''),
    title TEXT NOT NULL CHECK (title <> ''),
    description TEXT NOT NULL DEFAULT '',
    duration_minutes INTEGER NOT NULL CHECK (duration_minutes BETWEEN 1 AND 1440),
    step_minutes INTEGER CHECK (step_minutes BETWEEN 1 AND 1440),
    buffer_before_minutes INTEGER NOT NULL DEFAULT 0 CHECK (buffer_before_minutes >= 0),
    buffer_after_minutes INTEGER NOT NULL DEFAULT 0 CHECK (buffer_after_minutes >= 0),
    notice_minutes INTEGER NOT NULL DEFAULT 0 CHECK (notice_minutes >= 0),
    horizon_days INTEGER NOT NULL DEFAULT 60 CHECK (horizon_days > 0),
    limit_per_day INTEGER CHECK (limit_per_day > 0),
    limit_per_week INTEGER CHECK (limit_per_week > 0),
    limit_per_month INTEGER CHECK (limit_per_month > 0),
    seats INTEGER NOT NULL DEFAULT 1 CHECK (seats > 0),
    confirmation INTEGER NOT NULL DEFAULT 0 CHECK (confirmation IN (0, 1)),
    hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    origin TEXT NOT NULL DEFAULT 'command' CHECK (origin IN ('command', 'calendar', 'page', 'import')),
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    rules TEXT NOT NULL DEFAULT '{}',
    UNIQUE (principal_id, slug)
);

-- The hosts of a team's event type; the least position has the highest priority.
CREATE TABLE event_type_host (
    event_type_id INTEGER NOT NULL REFERENCES event_type (id) ON DELETE CASCADE,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (event_type_id, principal_id)
);
CREATE INDEX event_type_host_principal ON event_type_host (principal_id);

-- A link that opens a private event type; only the hash of its token is kept.
CREATE TABLE booking_link (
    id INTEGER PRIMARY KEY,
    event_type_id INTEGER NOT NULL REFERENCES event_type (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    single_use INTEGER NOT NULL CHECK (single_use IN (0, 1)),
    used_epoch BIGINT,
    expires_epoch BIGINT,
    created_epoch BIGINT NOT NULL
);

-- A line of a window's description that could not be read.
CREATE TABLE window_problem (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    line TEXT NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL
);
CREATE INDEX window_problem_item ON window_problem (item_id);

-- Counts attempts: name is a keyed hash of who tries what; until_ms (milliseconds since 1970) is when all that was
-- taken is given back.
CREATE TABLE rate (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    until_ms BIGINT NOT NULL
);
CREATE INDEX rate_until ON rate (until_ms);

-- An address, or a domain with all below it, that may not book.
CREATE TABLE blocked (
    id INTEGER PRIMARY KEY,
    pattern TEXT NOT NULL UNIQUE CHECK (pattern = lower(pattern)),
    created_epoch BIGINT NOT NULL
);

-- Occurrences booked together share a series: the UID of their calendar object, where recurrence_epoch tells them apart.
-- object_uid: the UID of the host's object, where it is another since the host's program cut the series in two.
-- unverified: pending until the invitee answers the mail to the address; nobody else has heard of it.
CREATE TABLE reservation (
    id INTEGER PRIMARY KEY,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    event_type_id INTEGER NOT NULL REFERENCES event_type (id),
    uid TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'declined', 'cancelled', 'expired')),
    start_epoch BIGINT NOT NULL,
    end_epoch BIGINT NOT NULL,
    invitee_name TEXT NOT NULL,
    invitee_email TEXT NOT NULL,
    invitee_timezone TEXT NOT NULL DEFAULT 'UTC',
    language TEXT NOT NULL DEFAULT 'en',
    note TEXT NOT NULL DEFAULT '',
    idempotency_key TEXT,
    sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    reason TEXT NOT NULL DEFAULT '',
    created_epoch BIGINT NOT NULL,
    modified_epoch BIGINT NOT NULL,
    expires_epoch BIGINT,
    location TEXT NOT NULL DEFAULT '',
    answers TEXT NOT NULL DEFAULT '{}',
    guests TEXT NOT NULL DEFAULT '[]',
    series TEXT,
    recurrence_epoch BIGINT CHECK ((recurrence_epoch IS NULL) = (series IS NULL)),
    object_uid TEXT,
    unverified INTEGER NOT NULL DEFAULT 0 CHECK (unverified IN (0, 1)),
    invited TEXT,
    CHECK (start_epoch < end_epoch)
);
CREATE UNIQUE INDEX reservation_idempotency ON reservation (event_type_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX reservation_start ON reservation (principal_id, start_epoch);
CREATE INDEX reservation_event_type ON reservation (event_type_id, start_epoch);
CREATE INDEX reservation_series ON reservation (series) WHERE series IS NOT NULL;
CREATE INDEX reservation_object ON reservation (object_uid) WHERE object_uid IS NOT NULL;
CREATE INDEX reservation_end ON reservation (end_epoch, status);
CREATE INDEX reservation_expires ON reservation (expires_epoch) WHERE status = 'pending';
CREATE INDEX reservation_open ON reservation (lower(invitee_email), end_epoch) WHERE status IN ('pending', 'confirmed');
CREATE INDEX reservation_invitee ON reservation (event_type_id, lower(invitee_email));

-- The host time that a reservation blocks, buffers included; live while its reservation is pending or confirmed.
CREATE TABLE occupancy (
    id INTEGER PRIMARY KEY,
    reservation_id INTEGER NOT NULL REFERENCES reservation (id) ON DELETE CASCADE,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    start_epoch BIGINT NOT NULL,
    end_epoch BIGINT NOT NULL,
    live INTEGER NOT NULL CHECK (live IN (0, 1)),
    UNIQUE (reservation_id, principal_id),
    -- The overlap look-up reads only starts within this bound.
    CHECK (start_epoch < end_epoch AND end_epoch - start_epoch <= 604800)
);
CREATE INDEX occupancy_live ON occupancy (principal_id, start_epoch, end_epoch) WHERE live = 1;

-- One invitee's place in a reservation of a group event type; expires_epoch: kept until then, for somebody who has not
-- answered the mail to the address yet.
CREATE TABLE seat (
    id INTEGER PRIMARY KEY,
    reservation_id INTEGER NOT NULL REFERENCES reservation (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    timezone TEXT NOT NULL DEFAULT 'UTC',
    status TEXT NOT NULL CHECK (status IN ('confirmed', 'cancelled')),
    created_epoch BIGINT NOT NULL,
    uid TEXT,
    language TEXT NOT NULL DEFAULT 'en',
    note TEXT NOT NULL DEFAULT '',
    answers TEXT NOT NULL DEFAULT '{}',
    idempotency_key TEXT,
    expires_epoch BIGINT,
    invited TEXT
);
CREATE INDEX seat_reservation ON seat (reservation_id);
CREATE UNIQUE INDEX seat_uid ON seat (uid) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX seat_idempotency ON seat (reservation_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX seat_email ON seat (lower(email)) WHERE status = 'confirmed';
CREATE UNIQUE INDEX seat_invitee ON seat (reservation_id, lower(email))
    WHERE status = 'confirmed' AND expires_epoch IS NULL;
CREATE INDEX seat_expires ON seat (expires_epoch) WHERE status = 'confirmed' AND expires_epoch IS NOT NULL;

-- An effect to perform after commit. A worker holds it until claimed_until; failed: given up.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'webhook', 'reminder')),
    delivery_key TEXT NOT NULL UNIQUE,
    reservation_id INTEGER REFERENCES reservation (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed')),
    due_epoch BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_epoch BIGINT NOT NULL,
    claimed_until_epoch BIGINT,
    claimed_by TEXT,
    last_error TEXT,
    sent_epoch BIGINT
);
CREATE INDEX outbox_due ON outbox (due_epoch) WHERE status = 'queued';
CREATE INDEX outbox_failed ON outbox (id) WHERE status = 'failed';
CREATE INDEX outbox_recipient ON outbox (kind, lower(recipient), id) WHERE status = 'queued';
CREATE INDEX outbox_reservation ON outbox (reservation_id);

-- Where events of a host's bookings, or of everybody's (NULL), are posted to. events: a JSON array of names, [] for all.
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY,
    principal_id INTEGER REFERENCES principal (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL DEFAULT '[]',
    created_epoch BIGINT NOT NULL
);
CREATE INDEX webhook_principal ON webhook (principal_id);

-- One attempt to deliver an outbox row of kind webhook; answer is the HTTP status, NULL where none came.
CREATE TABLE webhook_attempt (
    id INTEGER PRIMARY KEY,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    at_epoch BIGINT NOT NULL,
    answer INTEGER,
    error TEXT NOT NULL DEFAULT '',
    milliseconds INTEGER NOT NULL
);
CREATE INDEX webhook_attempt_outbox ON webhook_attempt (outbox_id);

-- Passwords for programs: each of its own, so that one can be taken back.
CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('full', 'read')),
    created_epoch BIGINT NOT NULL,
    expires_epoch BIGINT,
    used_epoch BIGINT
);
CREATE INDEX token_principal ON token (principal_id);

-- Mail that was taken: that it is dealt with once, and what could not be understood (content: base64).
CREATE TABLE inbound (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'ignored', 'quarantined')),
    reason TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '',
    received_epoch BIGINT NOT NULL,
    octets INTEGER NOT NULL DEFAULT 0,
    UNIQUE (message_id, recipient)
);
CREATE INDEX inbound_received ON inbound (received_epoch);
CREATE INDEX inbound_sender ON inbound (sender, received_epoch);
-- How much room mail in quarantine takes, read from the index alone.
CREATE INDEX inbound_quarantined ON inbound (id, octets) WHERE status = 'quarantined';

-- Whether the site is held still, and what people are told meanwhile: at most one row, none in normal times.
CREATE TABLE maintenance_mode (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL CHECK (mode IN ('closed', 'read-only')),
    message TEXT NOT NULL DEFAULT '',
    since_epoch BIGINT NOT NULL
);

-- Who did what and when.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_epoch BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_subject ON audit (subject, id);
