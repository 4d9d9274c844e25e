/* Writes the built pages as one C file for field-client/api/assets.h.
 *
 * usage: node tools/embed.mjs FOLDER FILE.c
 *
 * Fails where they are larger than what a person would want to wait for on an old laptop, or of a kind not known here.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const SIZE_MAX = 250 * 1024;
const MEDIA_TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.png': 'image/png',
    '.svg': 'image/svg+xml',
    '.webmanifest': 'application/manifest+json',
    '.woff2': 'font/woff2',
};

function filesOf(folder) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? filesOf(path) : [path];
    });
}

function assetOf(folder, file) {
    const mediaType = MEDIA_TYPES[extname(file)];
    if (mediaType === undefined) {
        throw new Error(`${file}: its media type is not known: add it to tools/embed.mjs`);
    }
    const plain = readFileSync(file);
    const compressed = gzipSync(plain, { level: 9 });
    const smaller = compressed.length < plain.length;
    return { path: `/${relative(folder, file)}`, mediaType, bytes: smaller ? compressed : plain, compressed: smaller };
}

function arrayOf(asset, index) {
    const lines = [];
    for (let i = 0; i < asset.bytes.length; i += 32) {
        lines.push(`    ${[...asset.bytes.subarray(i, i + 32)].join(',')},`);
    }
    return `/* ${asset.path} */\nstatic const uint8_t bytes_${index}[] = {\n${lines.join('\n')}\n};\n`;
}

function entryOf(asset, index) {
    return `    {${JSON.stringify(asset.path)}, ${JSON.stringify(asset.mediaType)}, bytes_${index}, sizeof bytes_${index}, ${asset.compressed}},`;
}

const [folder, output] = process.argv.slice(2);
const assets = filesOf(folder).sort().map((file) => assetOf(folder, file));
const size = assets.reduce((sum, asset) => sum + asset.bytes.length, 0);
if (size > SIZE_MAX) {
    console.error(`the pages are ${size} bytes compressed, at most ${SIZE_MAX} are allowed: take something out`);
    process.exit(1);
}
writeFileSync(
    output,
    `/* Made by field-client/interface/tools/embed.mjs from the built pages: change those. */
#include "field-client/api/assets.h"

${assets.map(arrayOf).join('\n')}
static const struct cs_asset assets[] = {
${assets.map(entryOf).join('\n')}
};

const struct cs_asset *cs_assets(size_t *out_count)
{
    *out_count = sizeof assets / sizeof assets[0];
    return assets;
}
`,
);
console.log(`pages: ${assets.length} files, ${size} bytes compressed`);
