/* The day in English: lib/day.mjs. */
import { day } from '../lib/day.mjs';

export default ({ company, browser }) => day({ company, browser, language: 'en' });
