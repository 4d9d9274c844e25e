/* The day in Chinese: lib/day.mjs. */
import { day } from '../lib/day.mjs';

export const needs = ['today', 'visit'];

export default ({ company, browser }) => day({ company, browser, language: 'zh' });
