/* Whose devices there are: invited, compared by fingerprint, revoked. */
import { useState } from 'preact/hooks';
import { href } from '../../app/router';
import { Badge, Button, Show, Table, TextInput, type Tone } from '../../design';
import { formatInstant, t } from '../../i18n';
import { useDevices, type Device } from '../people';
import { InviteDialog } from './InviteDialog';
import { RevokeDialog } from './RevokeDialog';
import { roleText } from './roles';

const TONES: Record<string, Tone> = { active: 'success', pending: 'warning', suspended: 'warning', revoked: 'danger' };

function stateText(state: string): string {
    switch (state) {
        case 'active':
            return t('office.device_active');
        case 'pending':
            return t('office.device_pending');
        case 'suspended':
            return t('office.device_suspended');
        case 'revoked':
            return t('office.device_revoked');
        default:
            return state;
    }
}

function State({ device }: { device: Device }) {
    return (
        <div class="stack-tight">
            <div class="row">
                <Badge tone={device.revocation === null ? (TONES[device.state] ?? 'plain') : 'danger'}>
                    {device.revocation === null ? stateText(device.state) : t('office.device_revoked')}
                </Badge>
                {device.own && <Badge tone="accent">{t('office.this_device')}</Badge>}
            </div>
            {device.revocation !== null && (
                <span class="small muted">
                    {[device.revocation.by, formatInstant(device.revocation.at), device.revocation.reason].filter(Boolean).join(' · ')}
                    {!device.revocation.sent && ` · ${t('common.unsent')}`}
                </span>
            )}
        </div>
    );
}

function DeviceTable({ devices, onRevoke }: { devices: readonly Device[]; onRevoke: (device: Device) => void }) {
    return (
        <Table
            caption={t('office.devices')}
            rows={devices}
            keyOf={(device) => device.id}
            columns={[
                {
                    key: 'person',
                    title: t('office.person'),
                    show: (device) =>
                        device.person === null ? device.person_name : <a href={href('recordDetail', { entity: 'person', id: device.person })}>{device.person_name}</a>,
                },
                { key: 'device', title: t('office.device'), show: (device) => device.device },
                { key: 'roles', title: t('office.roles'), show: (device) => device.roles.split(/[\s,]+/).map(roleText).join(t('office.role_between')) },
                { key: 'fingerprint', title: t('office.fingerprint'), show: (device) => <span class="fixed">{device.fingerprint}</span> },
                { key: 'joined', title: t('office.joined'), show: (device) => formatInstant(device.joined_at) },
                { key: 'state', title: t('office.state'), show: (device) => <State device={device} /> },
                {
                    key: 'actions',
                    title: t('common.actions'),
                    show: (device) =>
                        device.revocation === null &&
                        device.state !== 'revoked' && <Button onClick={() => onRevoke(device)}>{t('office.revoke')}…</Button>,
                },
            ]}
        />
    );
}

export function Devices() {
    const loaded = useDevices();
    const [search, setSearch] = useState('');
    const [inviting, setInviting] = useState(false);
    const [revoking, setRevoking] = useState<Device>();
    const wanted = search.trim().toLowerCase();
    const fits = (device: Device) =>
        `${device.person_name} ${device.device} ${device.fingerprint} ${device.fingerprint.replace(/ /g, '')} ${device.roles}`.toLowerCase().includes(wanted);
    return (
        <div class="stack">
            <div class="spread">
                <h1>{t('office.devices')}</h1>
                <div class="row">
                    <a href={href('recordList', { entity: 'person' })}>{t('office.people_records')}</a>
                    <Button kind="primary" icon="plus" onClick={() => setInviting(true)}>
                        {t('office.invite_new')}
                    </Button>
                </div>
            </div>
            <p class="muted">{t('office.fingerprint_text')}</p>
            <TextInput type="search" label={t('office.find_device')} placeholder={t('office.find_device')} value={search} onChange={setSearch} />
            <Show loaded={loaded}>
                {({ devices }) => {
                    const shown = devices.filter(fits);
                    return shown.length === 0 ? <p class="muted">{t('common.nothing_found')}</p> : <DeviceTable devices={shown} onRevoke={setRevoking} />;
                }}
            </Show>
            {inviting && <InviteDialog onClose={() => setInviting(false)} />}
            {revoking !== undefined && <RevokeDialog device={revoking} onClose={() => setRevoking(undefined)} />}
        </div>
    );
}
