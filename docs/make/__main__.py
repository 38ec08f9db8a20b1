"""`python -m docs.make`: write every page as the code has it, and remove what is left over."""

from docs.make import pages, written

made = pages()
for page, text in made.items():
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
for page in written():
    if page not in made:  # of a rule that is gone
        page.unlink()
