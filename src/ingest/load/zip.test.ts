import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateRawSync } from "node:zlib";
import { load } from "./load.ts";

/** An archive of these files, as a packer would write it; `flags` 1 marks them as encrypted. */
function zip(files: Readonly<Record<string, Uint8Array>>, flags = 0): Uint8Array {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), common, tail, Buffer.from(name)]));
    bodies.push(body);
    offset += body.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Uint8Array.from(Buffer.concat([...bodies, ...directory, end]));
}

const xml = (text: string): Uint8Array => new TextEncoder().encode(text);

test("an archive that unpacks to far more than its size is refused before it is unpacked", async () => {
  const bytes = zip({ "word/document.xml": new Uint8Array(20 * 2 ** 20) });
  await assert.rejects(load({ name: "bomb.docx", bytes }), { code: "too_large", message: /bomb\.docx.*ratio/u });
});

test("an archive with too many files is refused", async () => {
  const files = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`word/${index}`, xml("x")]));
  await assert.rejects(load({ name: "many.docx", bytes: zip(files) }), { code: "too_large" });
});

test("an encrypted archive is refused as encrypted", async () => {
  const bytes = zip({ "xl/workbook.xml": xml("<workbook/>") }, 1);
  await assert.rejects(load({ name: "secret.xlsx", bytes }), { code: "unreadable", message: /encrypted/u });
});

test("a sheet becomes rows that name their columns, dates as dates", async () => {
  const bytes = zip({
    "xl/workbook.xml": xml('<workbook><sheets><sheet name="Sales" r:id="r1"/></sheets></workbook>'),
    "xl/_rels/workbook.xml.rels": xml(
      '<Relationships><Relationship Id="r1" Target="worksheets/one.xml"/></Relationships>',
    ),
    "xl/styles.xml": xml('<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'),
    "xl/sharedStrings.xml": xml("<sst><si><t>Day</t></si><si><t>Total</t></si></sst>"),
    "xl/worksheets/one.xml": xml(
      '<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>' +
        '<row><c r="A2" s="1"><v>46023</v></c><c r="B2"><v>12.5</v></c></row></sheetData></worksheet>',
    ),
  });
  const { text } = await load({ name: "sales.xlsx", bytes });
  assert.equal(text, "Sales\n\nDay | Total\nDay: 2026-01-01; Total: 12.5");
});
