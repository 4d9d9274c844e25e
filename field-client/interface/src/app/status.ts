/* What the command status says, as far as pages use it. */
import { useCommand, type Loaded } from '../api';

export interface Status {
    person: string;
    person_name: string;
    roles: string[];
    device: string;
    fingerprint: string;
    organisation: string;
    server: string;
    waiting: number;
    packed: number;
    held: number;
    refused: number;
    attachments: { here: number; bytes: number; to_send: number; bytes_to_send: number; wanted: number };
    conflicts: number;
    exceptions: number;
    incomplete: boolean;
    last_sync: null | { at: string; status: string; text: string; pushed: number; pulled: number; digest: string };
    agent: null | {
        locks_at: string | null;
        syncing: null | { pages: number; rows: number; rows_expected: number; bytes: number };
        next_sync_at: string | null;
        failures: number;
    };
    server_went_back: null | { noticed_at: string; change_sets_resent: number; rows_kept: number };
    must_join_again: string | null;
    vault_notes: {
        to_send: number;
        refused: { number: number; kind: string; vault: string; status: string; text: string }[];
        findings: { number: number; at: string; vault: string; status: string; text: string; alarm: unknown }[];
        due: { project: string; project_name: string; vault: string; rekey: boolean }[];
        to_approve: number;
        to_open: number;
        leases: number;
        lease_ends: string | null;
    };
    recovery_is_set_up: boolean;
    root_key: 'never_split' | 'split' | 'in_shares' | null;
    memory_is_locked: boolean;
    revoked: null | { by: string; reason: string; at: string };
}

const WORDS = ['status'] as const;

export function useStatus(): Loaded<Status> & { again: () => void } {
    return useCommand<Status>(WORDS);
}

export function useRoles(): readonly string[] {
    return useStatus().data?.roles ?? [];
}
