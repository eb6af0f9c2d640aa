// What the form begins with.

export const SAMPLE_TITLE = 'Why bread rises'

export const SAMPLE = `Bread begins with flour, water, salt and a little yeast. When flour meets water, two of its proteins swell and join into gluten, a web that stretches without tearing. Kneading draws the web out and folds it over itself until the dough is smooth and springs back from a finger.

Yeast is alive. It eats the sugar that enzymes set free from the starch of the flour, and it breathes out a gas. The gas has nowhere to go, because the gluten of the dough holds it in thousands of small bubbles. So the dough rises, slowly at first, and then so fast that a careless baker finds it on the table.

Warmth hurries yeast and cold calms it. A dough that rises in two hours in a warm kitchen takes a night in the refrigerator. The slow dough is the better one, for in a long night bacteria make acids, and acids make flavour. Bakers who have time therefore use little yeast and let the cold do the work.

Salt seems a small thing, and is not. It tightens the gluten, slows the yeast, and keeps bread from tasting of paper. Dough without salt rises quickly, tears easily and bakes pale.

Before it is baked the dough is shaped, and shaping is mostly a matter of skin. The baker pulls the surface tight, so that the loaf rises upward instead of spreading over the stone. A cut with a sharp blade then tells the loaf where it may open.

In the oven everything happens at once. For ten minutes the yeast works harder than ever, the gas in the bubbles swells in the heat, and the loaf grows by a third. Steam keeps the crust soft while it does. Then the yeast dies, the gluten sets, the starch drinks the last free water, and the bread has the shape that it will keep.

The crust turns brown last. Sugars and proteins at its surface make hundreds of new flavours, and the smell of them fills the street. A loaf that is tapped from below and sounds hollow is done. It should cool for an hour before anybody cuts it, and it never does.`
