/* Drawings of 24 × 24, beside a text or with one for screen readers on what they stand in. */
const PATHS = {
    alert: 'M12 3 2.5 20h19zM12 9v5M12 17v.5',
    back: 'M15 5l-7 7 7 7',
    box: 'M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8',
    calendar: 'M4 6h16v14H4zM4 10h16M8 3v4M16 3v4',
    camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
    check: 'M5 13l4 4L19 7',
    close: 'M6 6l12 12M18 6L6 18',
    copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
    download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
    edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
    eye: 'M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
    filter: 'M4 5h16l-6 8v6l-4-2v-4z',
    help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.8v.2',
    history: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M12 8v4l3 2',
    home: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z',
    key: 'M15 4a5 5 0 0 0-4.8 6.4L4 16.6V20h3.4v-2.4H10V15l1.6-1.6A5 5 0 1 0 15 4zM16 8v.2',
    list: 'M8 6h12M8 12h12M8 18h12M4 6h.2M4 12h.2M4 18h.2',
    lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
    menu: 'M4 6h16M4 12h16M4 18h16',
    minus: 'M5 12h14',
    moon: 'M20 14a8 8 0 1 1-9-10 6.5 6.5 0 0 0 9 10z',
    pen: 'M3 19c4-1 4-8 7-8s-1 7 2 7 2-4 4-4 1 3 5 3',
    plus: 'M12 5v14M5 12h14',
    print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
    search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5',
    shield: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6z',
    sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600L19 19M5 19l1.400-1.400M17.600 6.400L19 5',
    sync: 'M20 7v5h-5M4 17v-5h5M19 12a7 7 0 0 0-12.500-4M5 12a7 7 0 0 0 12.500 4',
    trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
    upload: 'M12 20V9M7 13l5-5 5 5M5 4h14',
    user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 20c1-4 4-6 8-6s7 2 8 6',
    wrench: 'M14 7a4 4 0 0 1 5-4l-2.500 3 1.500 2 3-1a4 4 0 0 1-5.500 4L7 20l-3-3 9-8.500z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d={PATHS[name]} />
        </svg>
    );
}
