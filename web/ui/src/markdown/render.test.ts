// @vitest-environment jsdom
// DOMPurify does not hold in happy-dom: there this file would prove nothing.
import { describe, expect, test, vi } from "vitest";
import { reactive } from "vue";
import { mount } from "../testing/mount";
import MarkdownText from "./MarkdownText.vue";
import { closed, isWebAddress, render } from "./render";

/** What a model or a stranger's card may try. None of it may leave an element or an attribute of its own. */
const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "![track](https://evil.example/pixel.png)",
  "![track][ref]\n\n[ref]: https://evil.example/pixel.png",
  '<svg onload="alert(1)"><use href="#x"></svg>',
  "<iframe src='https://evil.example'></iframe>",
  "<form action='https://evil.example'><input name=q><button>Go</button></form>",
  "<style>*{display:none}</style>",
  '<p style="position:fixed" class="dialog" id="app">over everything</p>',
  "[click](javascript:alert(1))",
  "[click](JaVaScRiPt:alert(1))",
  "[click](data:text/html;base64,PHNjcmlwdD4=)",
  "[click](vbscript:x)",
  "[click](file:///etc/passwd)",
  "[click](/api/logout)",
  "[click](//evil.example)",
  "[click](blob:https://evil.example/1)",
  "<javascript:alert(1)>",
  '[click](https://ok.example "x\\" onmouseover=\\"alert(1)")',
  "<a href='https://ok.example' onclick='alert(1)'>x</a>",
  "<video src=x autoplay></video><audio src=x></audio><object data=x></object><embed src=x>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
  "<details open ontoggle=alert(1)>x</details>",
  "```html\n<img src=x onerror=alert(1)>\n```",
  "`<img src=x onerror=alert(1)>`",
  "| <img src=x> | a |\n|---|---|\n| ![x](https://e.example/x) | <b onclick=x>b</b> |",
  "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example'>",
  "<link rel=stylesheet href=https://evil.example/x.css>",
  "{{comment: <img src=x onerror=alert(1)> [x](javascript:alert(1))}}",
];

const TAGS = /^(P|BR|HR|EM|STRONG|S|CODE|PRE|BLOCKQUOTE|UL|OL|LI|A|H[1-6]|TABLE|THEAD|TBODY|TR|TH|TD|SMALL)$/;
const ATTRIBUTES = ["href", "rel", "start", "target"];

describe("markdown of strangers", () => {
  test.each(HOSTILE)("leaves nothing active and nothing remote: %s", (text) => {
    const page = new DOMParser().parseFromString(render(text), "text/html");
    for (const element of page.body.querySelectorAll("*")) {
      expect(element.tagName).toMatch(TAGS);
      for (const { name, value } of element.attributes) {
        expect(ATTRIBUTES).toContain(name);
        if (name === "href") expect(isWebAddress(value)).toBe(true);
      }
    }
  });

  test("gives links that tell nothing of where one comes from", () => {
    expect(render("[jam](https://example.org/jam)")).toContain(
      '<a href="https://example.org/jam" target="_blank" rel="noopener noreferrer nofollow">jam</a>',
    );
  });

  test("keeps what one writes with", () => {
    const html = render("# A\n\n*b* **c** ~~d~~ `e`\n\n> f\n\n3. g\n4. h\n\n| i | j |\n|--|--|\n| k | l |\n\n```\nm\n```");
    for (const tag of ["h1", "em", "strong", "s", "code", "blockquote", "table", "pre"]) expect(html).toContain(`<${tag}`);
    expect(html).toContain('<ol start="3">');
  });

  test("does not show what is for prompts and lore alone", () => {
    const text = 'A {{hidden_key: dragon\n\n{{user}}}}door{{// a note}} {{SETVAR::mood::calm}}opens.{{banned "x"}}';
    expect(render(text)).toBe("<p>A door opens.</p>\n");
    const other = "{{random:a,b}} {{hidden_keys}} {{// never closed";
    expect(render(other)).toBe(`<p>${other}</p>\n`);
  });

  test("shows a comment as a quiet remark in the line", () => {
    expect(render("The *door*{{comment: it\n\nsqueaks *a lot* {{x}} <b>}} opens.")).toBe(
      "<p>The <em>door</em><small>it squeaks *a lot* x &lt;b&gt;</small> opens.</p>\n",
    );
    expect(render("A{{comment:}}B `{{comment: c}}`")).toBe("<p>AB <code>{{comment:c}}</code></p>\n");
  });

  test("breaks a line where its writer did", () => {
    expect(render("one\ntwo")).toContain("one<br>");
  });
});

describe("a reply that is being written", () => {
  test.each([
    ["*She smi", "*She smi*"],
    ["**Never", "**Never**"],
    ["`sug", "`sug`"],
    ["She says *", "She says "],
    ["She says **", "She says "],
    ["*She smiles.* “Sit.”", "*She smiles.* “Sit.”"],
    ["*She smiles and ", "*She smiles and* "],
    ["```\nlet x", "```\nlet x\n```"],
    ["*done*\n\n*begun", "*done*\n\n*begun*"],
    ["5 * 3 is", "5 * 3 is"],
    ["`a*b` and *so", "`a*b` and *so*"],
    ["", ""],
  ])("closes what is open: %j", (text, expected) => {
    expect(closed(text)).toBe(expected);
  });

  test("shows no bare star at any of its beginnings", () => {
    const reply = "*The door opens.* “Come **in**, `friend`.”\n\n*She waits.*";
    for (let length = 1; length <= reply.length; length += 1) {
      const page = new DOMParser().parseFromString(render(closed(reply.slice(0, length))), "text/html");
      expect(page.body.textContent, reply.slice(0, length)).not.toContain("*");
    }
  });
});

test("a macro that is not shown is held back while a reply is written, and stands as written if it never closes", async () => {
  const props = reactive({ text: "*Tea* is {{// half", live: true });
  const root = mount(MarkdownText, props);
  expect(root.textContent.trim()).toBe("Tea is");
  props.text = "*Tea* is {{// half a note}}ready, {{//";
  await vi.waitFor(() => {
    expect(root.textContent.trim()).toBe("Tea is ready,");
  });
  props.live = false;
  await vi.waitFor(() => {
    expect(root.textContent.trim()).toBe("Tea is ready, {{//");
  });
});
