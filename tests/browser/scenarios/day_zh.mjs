/* The day in Chinese: lib/day.mjs. */
import { day } from '../lib/day.mjs';

export default ({ company, browser }) => day({ company, browser, language: 'zh' });
