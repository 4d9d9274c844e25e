/* Language and theme. */
import { Button } from '../design';
import { isDark, setTheme } from '../design/theme';
import { language, setLanguage, t } from '../i18n';

export function Switches() {
    const dark = isDark.value;
    return (
        <>
            <Button
                kind="quiet"
                label={language.value === 'zh' ? 'Switch to English' : '切换为中文'}
                onClick={() => setLanguage(language.peek() === 'zh' ? 'en' : 'zh')}
            >
                {language.value === 'zh' ? 'English' : '中文'}
            </Button>
            <Button
                kind="quiet"
                icon={dark ? 'sun' : 'moon'}
                label={dark ? t('app.theme_light') : t('app.theme_dark')}
                onClick={() => setTheme(dark ? 'light' : 'dark')}
            />
        </>
    );
}
