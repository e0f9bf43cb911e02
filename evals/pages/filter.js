for (const box of document.querySelectorAll('.filter')) {
  const items = [...box.parentElement.querySelectorAll('ol.items>li')];
  const words = items.map((item) => item.textContent.toLowerCase());
  const [search, pick, count] = ['input', 'select', 'output'].map((each) => box.querySelector(each));
  const show = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tag = pick ? pick.value : '';
    let left = 0;
    items.forEach((item, at) => {
      const tags = item.dataset.tags ? JSON.parse(item.dataset.tags) : [];
      item.hidden = !(wanted.every((word) => words[at].includes(word)) && (!tag || tags.includes(tag)));
      left += !item.hidden;
    });
    count.textContent = left + ' of ' + items.length;
  };
  search.addEventListener('input', show);
  if (pick) pick.addEventListener('change', show);
  box.hidden = false;
  show();
}
