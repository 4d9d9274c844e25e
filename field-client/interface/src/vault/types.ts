/* What the commands of `vault` answer (field-client/commands/README.md), as far as pages use it. */

export interface Item {
    id: string;
    vault: string;
    project: string;
    project_name: string;
    name: string;
    user: string;
    address: string;
}

export interface Version {
    version: string;
    field: string;
    state: string;
    stored_at: string;
    author_name: string;
    four_eyes: boolean;
    epoch: number;
}

export type ShownItem = Item & { versions: Version[] };

export interface Disclosed {
    credential: string;
    vault: string;
    project: string;
    name: string;
    user: string;
    address: string;
    field: string;
    version: string;
    leased: boolean;
    value?: string;
    value_hex?: string; // a secret that is no text
    code?: string;
    valid_seconds?: number;
}

export interface Waiting {
    request: string;
    kind: string;
    state: 'for_me' | 'for_others' | 'to_be_sent' | 'to_be_opened' | 'refused';
    vault: string;
    project_name: string | null;
    person: string;
    person_name: string;
    asked_at: string;
    until: string | null;
    name: string | null;
    field: string | null;
    versions: number;
    reason: string;
    work_order: string | null;
    refusal_text?: string;
}

export interface Access {
    project_name: string;
    person_name: string;
    device_name: string;
    rights: string;
    expires_at: string | null;
    state: 'active' | 'revoked' | 'suspended';
    project: string;
    vault: string;
    person: string;
    device: string;
}

export interface Member {
    person: string;
    person_name: string;
    device: string;
    fingerprint: string;
    granted: boolean;
    rights: string[];
    until: string | null;
    has_key: boolean;
    revoked: boolean;
    expired: boolean;
}

export interface Members {
    vault: string;
    project: string;
    epoch: number;
    four_eyes: boolean;
    members: Member[];
}

export interface VaultEvent {
    at: string;
    project_name: string | null;
    event: string;
    person_name: string | null;
    device_name: string | null;
    name: string | null;
    field: string | null;
    recipient_name: string | null;
    reason: string | null;
    work_order_label: string | null;
    approver_name: string | null;
    state: string | null;
    released: boolean | null;
    released_at: string | null;
    claimed_at: string | null;
    expires_at: string | null;
    item: string | null;
    version: string | null;
    record: string;
}

export interface Known {
    project_name: string;
    name: string | null;
    field: string;
    state: string;
    in_force: boolean;
    due: boolean;
    device_name: string;
    how: string;
    since: string;
    reason: string | null;
    work_order_label: string | null;
    item: string;
    version: string;
    project: string;
}

export interface Due {
    project_name: string;
    name: string | null;
    field: string;
    why: string;
    person_name: string | null;
    device_name: string | null;
    since: string;
    reason: string | null;
    project: string;
    item: string;
    version: string;
}

export interface Leak {
    name: string;
    field: string;
    version: string;
    leak: string | null;
    knew: {
        person_name: string;
        device_name: string;
        how: string;
        since: string;
        reason: string | null;
        work_order_label: string | null;
        person: string;
        device: string;
    }[];
    complete: boolean;
}

export type Step = 'unprepared' | 'pending' | 'applied' | 'verified' | 'done' | 'apart';

export interface CampaignField {
    id: string;
    name: string;
    user: string;
    address: string;
    field: string;
    step: Step;
    due: string[];
    version: string | null;
    since: string | null;
    by: string | null;
    waits_to_be_sent: boolean;
}

export interface Campaign {
    project: string;
    project_name: string;
    campaign: string;
    begun_at: string;
    begun_by: string;
    consent: string;
    counts: Record<Step, number>;
    fields: CampaignField[];
}
