/* Texts of src/security about recovery. Keys begin with "security.". */
import type { TextTable } from './table';

export const securityRecoveryTexts = {
    'security.recovery': ['恢复', 'Recovery'],
    'security.recovery_intro': [
        '两把密钥各分成几份写在纸上，由不同的人保管。少于规定份数时，任何人都无法还原。',
        'Two keys are split into shares on paper, kept by different people. With fewer than are needed, nobody can restore them.',
    ],
    'security.root_key': ['根密钥', 'Root key'],
    'security.root_is_here': ['在这台电脑上', 'on this computer'],
    'security.root_text': ['信任之根：没有它就无法在丢失所有安全员电脑之后重新开始。', 'The root of trust: without it there is no new beginning when all officers’ computers are lost.'],
    'security.root_in_shares': ['恢复已设置：根密钥只在各份纸上。请每年演练一次。', 'Recovery is set up: the root key is on paper only. Rehearse it once a year.'],
    'security.root_elsewhere': [
        '根密钥不在这台电脑上。它在单位的第一台电脑上分份；有足够份数时也可以在这里重新分份。',
        'The root key is not on this computer. It is split on the organisation’s first computer; with enough shares it can be split anew here.',
    ],
    'security.root_never_split': ['根密钥只在这台电脑上。第一步：分成几份并打印。', 'The root key is on this computer alone. First: split it and print the shares.'],
    'security.root_split': [
        '根密钥已分份，但仍在这台电脑上。下一步：用纸上的份额演练，然后从这台电脑删除。',
        'The root key is split, but still on this computer. Next: rehearse with the papers, then take it off this computer.',
    ],
    'security.root_split_do': ['把根密钥分成几份', 'Split the root key'],
    'security.root_share': ['根密钥份额', 'Share of the root key'],
    'security.root_forget': ['从这台电脑删除根密钥', 'Take the root key off this computer'],
    'security.root_forget_text': [
        '输入足够的份额。只有它们确实能还原根密钥，才会从这台电脑删除。',
        'Enter as many shares as are needed. Only when they do give the root key is it taken off this computer.',
    ],
    'security.root_forgotten': ['根密钥已从这台电脑删除。请同时销毁这台电脑的旧备份。', 'The root key is off this computer. Destroy old backups of it, too.'],
    'security.rehearse_root': ['演练根密钥', 'Rehearse the root key'],

    'security.recovery_key': ['密码库的恢复密钥', 'Recovery key of the vaults'],
    'security.recovery_text': [
        '万一所有能管理密码库的电脑都丢失，用它重新打开密码库。重新生成后，旧份额只能打开旧内容。',
        'It opens the vaults again if all computers that manage them are lost. After a new one is made, older shares open older content only.',
    ],
    'security.recovery_make': ['生成恢复密钥并打印份额', 'Make a recovery key and print its shares'],
    'security.recovery_share': ['密码库恢复密钥份额', 'Share of the vaults’ recovery key'],
    'security.rekey_all_due': ['{n} 个密码库需要换新密钥，才会使用新的恢复密钥', '{n} {n|vault needs|vaults need} a new key, and use the new recovery key only then'],
    'security.rehearse_recovery': ['演练恢复密钥', 'Rehearse the recovery key'],

    'security.make_text': [
        '份额只显示这一次，不保存在任何地方。请先接好打印机，把保管人都请来。',
        'Shares are shown this once and stored nowhere. Have a printer ready, and the people who will keep them.',
    ],
    'security.share_count': ['共几份', 'How many shares'],
    'security.share_needed': ['还原需要几份', 'How many are needed'],
    'security.share_needed_hint': ['例如 3 份中任意 2 份：丢一份不要紧，一个人打不开。', 'For instance any 2 of 3: one may be lost, and nobody can open it alone.'],
    'security.root_shares_first': [
        '根密钥不在这台电脑上：先输入它的份额，用来签署新的密钥。',
        'The root key is not on this computer: enter its shares first, to sign what is new.',
    ],
    'security.share_n': ['第 {n} 份', 'Share {n}'],
    'security.one_more_share': ['再加一份', 'One more share'],
    'security.rehearse_text': [
        '输入纸上的份额，看是否能还原。不打开任何内容，用完即忘。',
        'Enter shares from the papers to see whether they work. Nothing is opened, and they are forgotten at once.',
    ],
    'security.rehearsed': ['这些份额有效，可以还原。没有打开任何内容。', 'These shares work. Nothing was opened.'],

    'security.print_now': ['现在打印，每份一页', 'Print now, one on each page'],
    'security.print_now_text': [
        '离开或刷新本页，份额就没有了。不要保存为文件，不要拍照；把每页交给不同的人。',
        'When you leave or reload this page, the shares are gone. Do not save them as a file, take no pictures; give each page to another person.',
    ],
    'security.print_shares': ['打印 {n} 页', 'Print {n} {n|page|pages}'],
    'security.printed': ['每份都已打印，并看得清', 'Every share is printed and can be read'],
    'security.forget_shares': ['完成，不再显示', 'Done: show them no more'],
    'security.shares_gone': ['份额已不再显示。请尽快演练一次。', 'The shares are gone from the screen. Rehearse them soon.'],
    'security.paper_title': ['{what}，第 {i} 份，共 {n} 份', '{what}, {i} of {n}'],
    'security.paper_needed': ['共 {n} 份，还原需要其中任意 {needed} 份。', 'Any {needed} of the {n} shares are needed.'],
    'security.paper_made': ['生成于 {when}', 'Made {when}'],
    'security.paper_keep': [
        '请放在锁好的地方，不要复印、拍照或输入任何电脑——演练和恢复时除外。',
        'Keep it locked away. Do not copy or photograph it, and type it into no computer, but to rehearse or to recover.',
    ],
    'security.paper_holder': ['\n保管人：______________    日期：____________', '\nKept by: ______________    Date: ____________'],
} as const satisfies TextTable;
