import QtQuick

Row_ {
	id: root

	property QuantityObjectModel model

	kind: "group"
	shown: {
		const parts = []
		for (let i = 0; model && i < model.objects.length; ++i) {
			if (model.objects[i].shown !== "--")
				parts.push(model.objects[i].shown)
		}
		return parts.join(" | ")
	}
}
