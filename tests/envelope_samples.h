// Messages as Debezium writes them, and some that it does not. Used by the unit test and by the fuzz target.
#ifndef TIDEMARK_ENVELOPE_SAMPLES_H
#define TIDEMARK_ENVELOPE_SAMPLES_H

#include <stddef.h>

// ' stands for ".
#define SOURCE                                                                                               \
    "'source':{'version':'3.4.0.Final','connector':'postgresql','name':'shop','ts_ms':1795386735779,"        \
    "'snapshot':null,'db':'shop','sequence':'[\\'426186600\\',\\'426186664\\']','ts_us':1795386735779765,"   \
    "'ts_ns':1795386735779765000,'schema':'public','table':'orders','txId':621969,'lsn':426186664,"          \
    "'xmin':null}"
#define TRANSACTION "'transaction':{'id':'621969:426186664','total_order':2,'data_collection_order':1}"
#define ORDER                                                                                                  \
    "{'id':5001,'customer_id':1,'sku':'SKU-1','quantity':1,'total':'42.00','status':'paid','placed_on':20779," \
    "'notes':'caf\xC3\xA9 \\'x\\'','meta':null,'created_at':'2026-11-22T22:32:00.828342Z','colour':'red'}"
#define SENT "'ts_ms':1795386736042,'ts_us':1795386736042301,'ts_ns':1795386736042301733}"
#define POINTS_FIELDS                                                                                        \
    "[{'type':'int64','field':'order_id'},{'type':'int32','field':'customer_id'},{'type':'int32','field':"   \
    "'points'},{'type':'string','field':'reason'}]"

static const struct sample {
    const char *table; // NULL = the transaction topic
    const char *key;
    const char *value;
} samples[] = {
    {"orders", "{'id':5001}",
     "{'before':" ORDER ",'after':" ORDER "," SOURCE "," TRANSACTION ",'op':'u'," SENT},
    {"orders", "{'id':5001}",
     "{'before':null,'after':" ORDER "," SOURCE ",'transaction':null,'op':'c'," SENT},
    {"orders", "{'id':5001}", "{'before':" ORDER ",'after':null," SOURCE "," TRANSACTION ",'op':'d'," SENT},
    {"orders", "null", "{'before':null,'after':null," SOURCE "," TRANSACTION ",'op':'t'," SENT},
    {"points", " { 'order_id' : 1 , 'customer_id' : 2 } ",
     "\n{ 'op' : 'r' , 'after' : { 'order_id' : 1 , 'customer_id' : 2 , 'points' : 3 , 'reason' : "
     "'__debezium_unavailable_value' } ,\t'source' : { 'lsn' : 1 , 'snapshot' : 'last' } } \n"},
    {"points", "{'order_id':1,'customer_id':2}",
     "{'order_id':1,'customer_id':2,'points':3,'reason':'x','extra':{'a':[1,2]},'__deleted':'false','__op':"
     "'u','__source_lsn':17,'__source_ts_ms':18,'__source_txId':19,'__other':1}"},
    {"points",
     "{'schema':{'type':'struct','fields':" POINTS_FIELDS "},'payload':{'order_id':1,'customer_id':2}}",
     "{'schema':{'type':'struct','fields':[{'type':'struct','fields':" POINTS_FIELDS ",'field':'before'},"
     "{'type':'struct','fields':" POINTS_FIELDS ",'field':'after'},{'type':'string','field':'op'}]},"
     "'payload':{'before':null,'after':{'order_id':1,'customer_id':2,'points':3,'reason':null},"
     "'source':{'lsn':7,'table':'points','db':'a'},'op':'c'}}"},
    {"points", "{'order_id':1,'customer_id':2}",
     "{'schema':{'type':'struct','fields':" POINTS_FIELDS "},'payload':{'before':{'order_id':1,'customer_id':"
     "2,'points':3,'reason':null},'after':null,'source':{'lsn':7,'table':'points','db':'a'},'op':'d'}}"},
    {"points", "{'order_id':1,'customer_id':2}",
     "{'after':{'order_id':1,'customer_id':2,'points':3,'reason':'x'},'op':'c'}"},
    {"points", "{'order_id':1,'customer_id':2}",
     "{'op':'x','order_id':1,'customer_id':2,'points':3,'reason':'x','source':'web','before':null}"},
    {"points", "{'payload':{'order_id':1,'customer_id':2}}",
     "{'payload':{'after':{'order_id':1,'customer_id':2,'points':3,'reason':'x'},'op':'c'}}"},
    {NULL, "{'id':'621969:426186664'}",
     "{'status':'BEGIN','id':'621969:426186664','event_count':null,'data_collections':null,'ts_ms':17}"},
    {NULL, "{'id':'621969:426186664'}",
     "{'status':'END','id':'621969:426186664','event_count':3,'data_collections':[{'data_collection':"
     "'public.orders','event_count':2},{'data_collection':'public.other','event_count':1}],'ts_ms':17}"},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

#endif
