// The shop's tag container. It has one tag at most: a Meta Purchase that listens to the data layer.
(() => {
  const PIXEL = "4907283615028341";
  const metaPurchase = {
    trigger: "purchase",
    fire: (data) => {
      fbq("set", "agent", "tmgoogletagmanager", PIXEL);
      const parameters = { ...data.commerce, order_id: data.order_id };
      fbq("trackSingle", PIXEL, "Purchase", parameters, { eventID: `gtm_${crypto.randomUUID()}` });
      fbq("set", "agent", "", PIXEL);
    },
  };
  const tags = [];
  const run = (data) => tags.filter((tag) => tag.trigger === data.event).forEach((tag) => tag.fire(data));
  const layer = window.dataLayer;
  layer.splice(0).forEach(run);
  layer.push = run;
})();
